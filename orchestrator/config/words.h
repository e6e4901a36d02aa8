// Words of the file, written so that they are read back as the same text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

// The shortest spelling of a word with this text: bare where the grammar allows it, else in quotes. Nothing:
// no word can hold it (line ends and other control characters, bytes that are no UTF-8, more than
// kMaxTokenBytes).
std::optional<std::string> write_word(std::string_view text);

// key=value with quotes round the value where it needs them. REQUIRES: the key is a name of letters, digits
// and punctuation, without quotes, '=' and what ends a word.
std::optional<std::string> write_pair(std::string_view key, std::string_view value);

}  // namespace sluice::config
