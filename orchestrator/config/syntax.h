// flussonic.conf as text: from bytes to a tree of directives. Knows no directive by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/diagnostic.h"

namespace sluice::config {

// Bounds of a file; whatever exceeds them is an error, not a crash.
inline constexpr size_t kMaxFileBytes = 64u << 20;
inline constexpr size_t kMaxTokenBytes = 16u << 10;
inline constexpr size_t kMaxTokens = 4u << 20;
inline constexpr int kMaxDepth = 16;

struct Token {
  std::string text;  // without quotes and escapes
  Span at;
  size_t equals = std::string::npos;  // the first '=' outside quotes: key=value
  bool starts_line = false;           // nothing but blanks before it on its line

  bool has_value() const { return equals != std::string::npos; }
  std::string_view key() const { return std::string_view(text).substr(0, equals); }
  std::string_view value() const { return std::string_view(text).substr(equals + 1); }
};

// `name arg arg;` or `name arg { body }`.
struct Directive {
  Token name;
  std::vector<Token> args;
  bool has_block = false;
  std::vector<Directive> body;
  // Bytes of the text, for who edits it: one past the last of this directive (its ';' or '}', or its last
  // word where neither stands), and of a block the first after '{' and the '}' itself.
  size_t end = 0, body_begin = 0, body_end = 0;
};

// Parses all of it and reports every error; what could be read is returned even then.
std::vector<Directive> parse(Reporter& reporter);

}  // namespace sluice::config
