#include "orchestrator/config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {
namespace {

constexpr size_t kExcerptBefore = 80, kExcerptAfter = 120;  // bytes round the place

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

int characters(std::string_view bytes) {
  return static_cast<int>(
      std::count_if(bytes.begin(), bytes.end(), [](char c) { return !continues_character(c); }));
}

// A terminal shows exactly one cell per character that is left: no tabs, no control codes.
std::string printable(std::string_view bytes) {
  std::string out(bytes);
  for (char& c : out) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '\t')
      c = ' ';
    else if (u < 0x20 || u == 0x7F)
      c = '?';
  }
  return out;
}

}  // namespace

std::string format(const Diagnostic& d) {
  std::string out = d.place.line > 0 ? d.place.text() : d.place.file;
  out += d.severity == Severity::kWarning ? ": warning: " : ": ";
  out += d.text;
  if (d.excerpt.empty()) return out;
  return fmt::format("{}\n  {}\n  {}^{}", out, d.excerpt, std::string(static_cast<size_t>(d.caret), ' '),
                     std::string(static_cast<size_t>(std::max(0, d.length - 1)), '~'));
}

void Reporter::add(Severity severity, const Span& at, std::string text) {
  if (++count(severity) > kMax) return;
  Diagnostic d{.severity = severity, .place = place(at), .text = std::move(text), .excerpt = {}};
  if (at.line > 0 && at.offset <= text_.size()) {
    size_t begin = at.offset;
    while (begin > 0 && at.offset - begin < kExcerptBefore && text_[begin - 1] != '\n') --begin;
    while (begin < at.offset && continues_character(text_[begin])) ++begin;
    size_t end = at.offset;
    while (end < text_.size() && end - at.offset < kExcerptAfter && text_[end] != '\n') ++end;
    while (end > at.offset && end < text_.size() && continues_character(text_[end])) --end;
    if (end > at.offset && text_[end - 1] == '\r') --end;
    d.excerpt = printable(text_.substr(begin, end - begin));
    d.caret = characters(text_.substr(begin, at.offset - begin));
    d.length = std::max(1, characters(text_.substr(at.offset, std::min(at.length, end - at.offset))));
  }
  list_.push_back(std::move(d));
}

void Reporter::add(Severity severity, const Place& at, size_t length, std::string text) {
  if (count(severity) >= kMax)
    ++count(severity);  // to find its bytes takes time
  else
    add(severity, span(at, length), std::move(text));
}

Span Reporter::span(const Place& at, size_t length) {
  if (lines_.empty()) {
    lines_.push_back(0);
    for (size_t i = text_.find('\n'); i != text_.npos; i = text_.find('\n', i + 1)) lines_.push_back(i + 1);
  }
  Span out{at.line, at.column, 0, length};
  if (at.line < 1 || static_cast<size_t>(at.line) > lines_.size()) return {};
  out.offset = lines_[static_cast<size_t>(at.line - 1)];
  for (int column = 1; column < at.column && out.offset < text_.size(); ++column) do
      ++out.offset;
    while (out.offset < text_.size() && continues_character(text_[out.offset]));
  return out;
}

std::vector<Diagnostic> Reporter::take() {
  std::stable_sort(list_.begin(), list_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  auto summary = [&](Severity severity, size_t count, std::string_view noun) {
    if (count <= kMax) return;
    list_.push_back({.severity = severity,
                     .place = {file_, 0, 0},
                     .text = fmt::format("{} more {} not shown", count - kMax, noun),
                     .excerpt = {}});
  };
  summary(Severity::kError, errors_, "errors");
  summary(Severity::kWarning, warnings_, "warnings");
  return std::move(list_);
}

bool Reporters::failed() const {
  return std::any_of(list_.begin(), list_.end(), [](const Reporter& r) { return r.failed(); });
}

Reporter& Reporters::of(const Place& at) {
  for (Reporter& r : list_)
    if (r.file() == at.file) return r;
  return list_.front();
}

std::vector<Diagnostic> Reporters::take() {
  std::vector<Diagnostic> out;
  for (Reporter& r : list_) {
    auto list = r.take();
    std::move(list.begin(), list.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace sluice::config
