// Edits of a configuration file's own text that leave every other byte as it was, comments included.
//
// Functions from text to text. Nothing here knows a directive by name, and nothing here checks: the new text
// is loaded as a file is before anything comes of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/syntax.h"

namespace sluice::config {

// A directive to be written. Words stand as in the file: see words.h.
struct NewDirective {
  std::string name;
  std::vector<std::string> words = {};
  std::optional<std::vector<NewDirective>> block = {};  // without one it ends with ';'
  bool operator==(const NewDirective&) const = default;
};

// In the house's layout: two blanks per level. No line end at its end; the first line is not indented.
std::string layout(const NewDirective& directive, std::string_view indent = "",
                   std::string_view line_end = "\n");

// The directives of a text that parses without errors.
std::vector<Directive> parse_text(std::string_view text);

// Where directives are set: among those of the whole text, or in the block of its first directive (which gets
// a block if it has none).
enum class Level { kTop, kFirstBlock };

// The directives that belong to one value (its name, its older spellings).
using Belongs = std::function<bool(const Directive&)>;

// Puts `wanted` in place of the directives that belong to the value. `present`: what each of those says,
// written anew; one that is wanted still stays as it is. With another count than there are directives nothing
// is kept. What is new comes behind the old ones, or else at the end.
std::string set_directives(std::string_view text, Level level, const Belongs& belongs,
                           const std::vector<NewDirective>& present, const std::vector<NewDirective>& wanted);

// Adds a directive of the top level behind the last one that `beside` names, or else at the end.
std::string add_directive(std::string_view text, const std::vector<Directive>& directives,
                          const NewDirective& added, const Belongs& beside);

// Takes a directive away, and its line if nothing else stands on it.
std::string without_directive(std::string_view text, const Directive& directive);

// The directive's text, and the whole with another in its place.
std::string_view text_of(std::string_view text, const Directive& directive);
std::string with_text(std::string_view text, const Directive& directive, std::string_view by);

// `NAME ARG REST...;` of the text's first directive becomes `NAME ARG { DIRECTIVE REST...; }`.
std::string arguments_into_block(std::string_view text, size_t first, std::string_view directive);

}  // namespace sluice::config
