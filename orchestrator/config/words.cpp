#include "orchestrator/config/words.h"

#include <algorithm>
#include <cassert>

#include "orchestrator/config/names.h"
#include "orchestrator/config/syntax.h"

namespace sluice::config {
namespace {

bool is_quote(char c) {
  return c == '"' || c == '\'';
}

bool ends_bare_word(char c) {
  return c == ' ' || c == '\t' || c == ';' || c == '{' || c == '}';
}

bool can_be_written(std::string_view text) {
  const auto control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  };
  return text.size() <= kMaxTokenBytes && std::none_of(text.begin(), text.end(), control) && is_utf8(text);
}

bool has_word_end(std::string_view text) {
  return std::any_of(text.begin(), text.end(), ends_bare_word);
}

// Quotes begin a quoted value behind the first '=' of a bare word; one at its very start counts as text.
bool has_quote_behind_equals(std::string_view text) {
  const size_t equals = text.find('=', 1);
  return equals != std::string_view::npos && equals + 1 < text.size() && is_quote(text[equals + 1]);
}

std::string quoted(std::string_view text) {
  // The quote that needs fewer escapes.
  const char quote =
      std::count(text.begin(), text.end(), '"') > std::count(text.begin(), text.end(), '\'') ? '\'' : '"';
  std::string out(1, quote);
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool last = i + 1 == text.size();
    // A '\' stands for itself except before what it could escape.
    if (c == quote || (c == '\\' && (last || is_quote(text[i + 1]) || text[i + 1] == '\\'))) out += '\\';
    out += c;
  }
  return out + quote;
}

}  // namespace

std::optional<std::string> write_word(std::string_view text) {
  if (!can_be_written(text)) return {};
  // A byte order mark would be lost at the very start of a file.
  const bool bare = !text.empty() && text[0] != '#' && !is_quote(text[0]) && !has_word_end(text) &&
                    !has_quote_behind_equals(text) && !text.starts_with("\xEF\xBB\xBF");
  return bare ? std::string(text) : quoted(text);
}

std::optional<std::string> write_pair(std::string_view key, std::string_view value) {
  assert(!key.empty() && key[0] != '#' && !has_word_end(key) && key.find_first_of("\"'=") == key.npos);
  if (!can_be_written(value) || key.size() + 1 + value.size() > kMaxTokenBytes) return {};
  const bool bare = value.empty() || (!is_quote(value[0]) && !has_word_end(value));
  return std::string(key) + "=" + (bare ? std::string(value) : quoted(value));
}

}  // namespace sluice::config
