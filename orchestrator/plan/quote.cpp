#include "orchestrator/plan/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::plan {
namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

}  // namespace

// gst-launch takes "..." literally as long as neither quotes nor backslashes stand inside: those mean
// different things to its tokenizer, to its unescaping and to the string's own deserialisation. Such values
// are written ""..."" with octal escapes for everything unusual: the outer quotes are dropped by the first
// two readers, the inner ones make the last one undo the escapes.
std::string launch_quoted(std::string_view value) {
  if (!value.empty() && std::all_of(value.begin(), value.end(),
                                    [](char c) { return is_alnum(c) || is_one_of(c, "_@%+:,./-?&=#~"); }))
    return std::string(value);
  const bool hard = std::any_of(value.begin(), value.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (!hard) return fmt::format("\"{}\"", value);
  std::string out = "\"\"";
  for (const char c : value) {
    if (is_alnum(c) || is_one_of(c, "_./:-"))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(c));
  }
  return out + "\"\"";
}

std::string shell_quoted(std::string_view word) {
  if (!word.empty() && word[0] != '=' && word[0] != '~' &&
      std::all_of(word.begin(), word.end(), [](char c) { return is_alnum(c) || is_one_of(c, "_@%+=:,./-"); }))
    return std::string(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace sluice::plan
