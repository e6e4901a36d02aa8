// Small text functions of the configuration: names, nearest names, UTF-8.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

bool is_utf8(std::string_view bytes);

// "%41b" -> "Ab"; what is no valid escape stays as it is.
std::string percent_decode(std::string_view text);

// What is wrong with a stream's name; empty = nothing. Every name that passes is safe in URLs, paths and
// logs.
std::string stream_name_problem(std::string_view name);
// The same rules for other things: `owner` is "a stream".
std::string name_problem(std::string_view name, std::string_view owner);

// Edits (insert, delete, replace, swap of neighbours) from one word to the other, at most `limit` + 1. Words
// of 128 bytes and more are far from everything.
int edit_distance(std::string_view a, std::string_view b, int limit);

// Keeps the candidate that a writer of `word` most probably meant.
class Nearest {
 public:
  explicit Nearest(std::string_view word);
  void offer(std::string_view candidate);
  std::string_view name() const { return best_; }  // empty = nothing is near
  std::string hint() const;                        // ": did you mean 'x'?" or empty

 private:
  std::string_view word_, best_;
  int distance_;
};

}  // namespace sluice::config
