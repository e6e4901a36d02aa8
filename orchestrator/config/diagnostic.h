// What is wrong with a configuration file, and where.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/config.h"

namespace sluice::config {

enum class Severity { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  Place place;
  std::string text;     // one line: what is wrong and what to write instead
  std::string excerpt;  // the source line (cut if long, control characters replaced); empty = none to show
  int caret = 0;        // characters before the marked ones in `excerpt`
  int length = 1;       // marked characters
};

// "file:line:column: text", then the source line and a line with a caret under the place. No newline at the
// end.
std::string format(const Diagnostic& diagnostic);

// A piece of the source text.
struct Span {
  int line = 0, column = 0;       // from 1; columns in characters
  size_t offset = 0, length = 0;  // bytes
};

// Collects the diagnostics of one file. At most kMax of each severity are kept; the rest is counted.
class Reporter {
 public:
  static constexpr size_t kMax = 200;

  Reporter(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}

  void error(const Span& at, std::string text) { add(Severity::kError, at, std::move(text)); }
  void warning(const Span& at, std::string text) { add(Severity::kWarning, at, std::move(text)); }
  // For what was found after parsing: `length` characters from a place of this file on are marked.
  void error(const Place& at, size_t length, std::string text) {
    add(Severity::kError, at, length, std::move(text));
  }
  void warning(const Place& at, size_t length, std::string text) {
    add(Severity::kWarning, at, length, std::move(text));
  }
  bool failed() const { return errors_ > 0; }
  bool keeps_errors() const { return errors_ < kMax; }  // else they are only counted
  const std::string& file() const { return file_; }
  Place place(const Span& at) const { return {file_, at.line, at.column}; }
  std::string_view text() const { return text_; }
  std::vector<Diagnostic> take();  // sorted by place

 private:
  Span span(const Place& at, size_t length);
  void add(Severity severity, const Span& at, std::string text);
  void add(Severity severity, const Place& at, size_t length, std::string text);
  size_t& count(Severity severity) { return severity == Severity::kError ? errors_ : warnings_; }

  std::string file_;
  std::string_view text_;
  std::vector<Diagnostic> list_;
  std::vector<size_t> lines_;  // offset of each line's first byte; filled when first needed
  size_t errors_ = 0, warnings_ = 0;
};

// The reporters of all files of a configuration.
class Reporters {
 public:
  // `text` must live as long as this does.
  Reporter& add(std::string file, std::string_view text) { return list_.emplace_back(std::move(file), text); }

  // For what was found after parsing: `length` characters from a place on are marked.
  void error(const Place& at, size_t length, std::string text) { of(at).error(at, length, std::move(text)); }
  void warning(const Place& at, size_t length, std::string text) {
    of(at).warning(at, length, std::move(text));
  }
  bool failed() const;
  std::vector<Diagnostic> take();  // file by file, sorted by place

 private:
  Reporter& of(const Place& at);

  std::deque<Reporter> list_;
};

}  // namespace sluice::config
