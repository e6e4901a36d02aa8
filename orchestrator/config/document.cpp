#include "orchestrator/config/document.h"

#include <algorithm>
#include <cassert>
#include <span>

namespace sluice::config {
namespace {

constexpr std::string_view kIndent = "  ";

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The text that is edited, and how it is laid out.
class Page {
 public:
  explicit Page(std::string_view text) : text_(text) {
    const size_t newline = text.find('\n');
    line_end_ = newline != text.npos && newline > 0 && text[newline - 1] == '\r' ? "\r\n" : "\n";
  }

  std::string_view line_end() const { return line_end_; }

  size_t line_begin(size_t at) const {
    const size_t newline = at == 0 ? text_.npos : text_.rfind('\n', at - 1);
    return newline == text_.npos ? 0 : newline + 1;
  }
  // Nothing but blanks before it on its line.
  bool begins_line(size_t at) const {
    const size_t begin = line_begin(at);
    return std::all_of(text_.begin() + long(begin), text_.begin() + long(at), is_blank);
  }
  std::string indent(size_t at) const {
    const size_t begin = line_begin(at);
    size_t end = begin;
    while (end < text_.size() && is_blank(text_[end])) ++end;
    return std::string(text_.substr(begin, end - begin));
  }
  // Where the line ends if only blanks and a comment follow on it; nothing if there is more.
  std::optional<size_t> end_of_line(size_t at) const {
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at < text_.size() && text_[at] == '#') at = std::min(text_.find('\n', at), text_.size());
    if (at < text_.size() && text_[at] == '\n' && at > 0 && text_[at - 1] == '\r') --at;
    if (at == text_.size() || text_[at] == '\n' || text_[at] == '\r') return at;
    return {};
  }
  bool is_terminated(const Directive& d) const {
    return d.end > 0 && (text_[d.end - 1] == ';' || text_[d.end - 1] == '}');
  }
  std::string_view text() const { return text_; }

 private:
  std::string_view text_, line_end_;
};

// Spans of the old text and what stands in their place.
class Pieces {
 public:
  void replace(size_t begin, size_t end, std::string by) { pieces_.push_back({begin, end, std::move(by)}); }
  std::string apply(std::string_view text) {
    std::stable_sort(pieces_.begin(), pieces_.end(),
                     [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
    std::string out;
    size_t at = 0;
    for (const Piece& p : pieces_) {
      // Two directives that are taken away share the blanks between them.
      const size_t begin = std::max(at, p.begin);
      assert(p.end >= begin && (begin == p.begin || p.by.empty()));
      out.append(text, at, begin - at).append(p.by);
      at = p.end;
    }
    return out.append(text, at);
  }

 private:
  struct Piece {
    size_t begin, end;
    std::string by;
  };
  std::vector<Piece> pieces_;
};

void lay_out(const NewDirective& d, std::string_view indent, std::string_view line_end, std::string& out) {
  out += d.name;
  for (const std::string& word : d.words) (out += ' ') += word;
  if (!d.block) {
    out += ';';
  } else {
    out += " {";
    const std::string inner = std::string(indent) + std::string(kIndent);
    for (const NewDirective& child : *d.block) {
      ((out += line_end) += inner);
      lay_out(child, inner, line_end, out);
    }
    if (!d.block->empty()) (out += line_end) += indent;
    out += '}';
  }
}

// Behind `last`: on lines of their own if it stands on one.
void add_behind(const Page& page, const Directive& last, std::span<const NewDirective> added,
                Pieces& pieces) {
  if (added.empty()) return;
  if (!page.is_terminated(last)) pieces.replace(last.end, last.end, ";");
  const auto line = page.end_of_line(last.end);
  std::string text;
  if (line && page.begins_line(last.name.at.offset)) {
    const std::string indent = page.indent(last.name.at.offset);
    for (const NewDirective& d : added)
      ((text += page.line_end()) += indent) += layout(d, indent, page.line_end());
    pieces.replace(*line, *line, std::move(text));
  } else {
    const std::string indent = page.indent(last.name.at.offset);
    for (const NewDirective& d : added) (text += ' ') += layout(d, indent, page.line_end());
    pieces.replace(last.end, last.end, std::move(text));
  }
}

void add_before(const Page& page, const Directive& next, std::span<const NewDirective> added,
                Pieces& pieces) {
  const size_t at = next.name.at.offset;
  const std::string indent = page.indent(at);
  std::string text;
  for (const NewDirective& d : added) {
    text += layout(d, indent, page.line_end());
    if (page.begins_line(at))
      (text += page.line_end()) += indent;
    else
      text += ' ';
  }
  pieces.replace(at, at, std::move(text));
}

// Into a block that holds no directive, or in place of the ';' of one that has none.
void fill_block(const Page& page, const Directive& owner, std::span<const NewDirective> added,
                Pieces& pieces) {
  const std::string indent = page.indent(owner.name.at.offset), inner = indent + std::string(kIndent);
  std::string lines;
  for (const NewDirective& d : added)
    ((lines += inner) += layout(d, inner, page.line_end())) += page.line_end();
  if (!owner.has_block) {
    const size_t end = owner.end - (page.is_terminated(owner) ? 1 : 0);
    pieces.replace(end, owner.end, " {" + std::string(page.line_end()) + lines + indent + "}");
  } else if (page.begins_line(owner.body_end)) {
    const size_t at = page.line_begin(owner.body_end);
    pieces.replace(at, at, std::move(lines));
  } else {
    size_t begin = owner.body_end;
    while (begin > owner.body_begin && is_blank(page.text()[begin - 1])) --begin;
    pieces.replace(begin, owner.body_end, std::string(page.line_end()) + lines + indent);
  }
}

void add_at_end(const Page& page, std::string_view directive, Pieces& pieces) {
  const std::string_view text = page.text();
  std::string out;
  if (!text.empty() && text.back() != '\n') out += page.line_end();
  (out += directive) += page.line_end();
  pieces.replace(text.size(), text.size(), std::move(out));
}

void take_away(const Page& page, const Directive& d, Pieces& pieces) {
  const std::string_view text = page.text();
  size_t begin = d.name.at.offset, end = d.end;
  const bool alone = page.begins_line(begin);
  size_t rest = end;
  while (rest < text.size() && is_blank(text[rest])) ++rest;
  const bool ends_line = rest == text.size() || text[rest] == '\n' || text.substr(rest, 2) == "\r\n";
  if (alone && ends_line) {
    begin = page.line_begin(begin);
    end = rest == text.size() ? rest : text.find('\n', rest) + 1;
  } else if (alone) {
    end = rest;  // what follows on the line takes its place
  } else {
    while (begin > 0 && is_blank(text[begin - 1])) --begin;
  }
  // Words must not grow together: `a x; b y }`.
  const bool apart = begin == 0 || text[begin - 1] == ';' || text[begin - 1] == '{' ||
                     text[begin - 1] == '}' || text[begin - 1] == '\n' || is_blank(text[begin - 1]);
  pieces.replace(begin, end, apart ? "" : " ");
}

}  // namespace

std::string layout(const NewDirective& directive, std::string_view indent, std::string_view line_end) {
  std::string out;
  lay_out(directive, indent, line_end, out);
  return out;
}

std::vector<Directive> parse_text(std::string_view text) {
  Reporter reporter("", text);
  return parse(reporter);
}

std::string set_directives(std::string_view text, Level level, const Belongs& belongs,
                           const std::vector<NewDirective>& present,
                           const std::vector<NewDirective>& wanted) {
  const Page page(text);
  const std::vector<Directive> top = parse_text(text);
  assert(level == Level::kTop || !top.empty());
  const std::vector<Directive>& all = level == Level::kTop ? top : top[0].body;
  std::vector<const Directive*> old;
  for (const Directive& d : all)
    if (belongs(d)) old.push_back(&d);

  // What the old and the wanted ones begin and end with alike stays.
  size_t head = 0, tail = 0;
  if (present.size() == old.size()) {
    const size_t most = std::min(old.size(), wanted.size());
    while (head < most && present[head] == wanted[head]) ++head;
    while (tail < most - head && present[old.size() - 1 - tail] == wanted[wanted.size() - 1 - tail]) ++tail;
  }
  const std::span<const NewDirective> fresh(wanted.data() + head, wanted.size() - head - tail);
  const size_t slots = old.size() - head - tail, reused = std::min(slots, fresh.size());

  Pieces pieces;
  for (size_t i = 0; i < slots; ++i) {
    const Directive& d = *old[head + i];
    if (i < reused)
      pieces.replace(d.name.at.offset, d.end,
                     layout(fresh[i], page.indent(d.name.at.offset), page.line_end()));
    else
      take_away(page, d, pieces);
  }
  const auto added = fresh.subspan(reused);
  if (added.empty()) return pieces.apply(text);
  if (head + reused > 0)
    add_behind(page, *old[head + reused - 1], added, pieces);
  else if (!old.empty())
    add_before(page, *old[0], added, pieces);
  else if (!all.empty())
    add_behind(page, all.back(), added, pieces);
  else if (level == Level::kFirstBlock)
    fill_block(page, top[0], added, pieces);
  else
    for (const NewDirective& d : added) add_at_end(page, layout(d, "", page.line_end()), pieces);
  return pieces.apply(text);
}

std::string add_directive(std::string_view text, const std::vector<Directive>& directives,
                          const NewDirective& added, const Belongs& beside) {
  const Page page(text);
  Pieces pieces;
  const auto last = std::find_if(directives.rbegin(), directives.rend(), beside);
  if (last != directives.rend())
    add_behind(page, *last, {&added, 1}, pieces);
  else
    add_at_end(page, layout(added, "", page.line_end()), pieces);
  return pieces.apply(text);
}

std::string without_directive(std::string_view text, const Directive& directive) {
  Pieces pieces;
  take_away(Page(text), directive, pieces);
  return pieces.apply(text);
}

std::string_view text_of(std::string_view text, const Directive& d) {
  return text.substr(d.name.at.offset, d.end - d.name.at.offset);
}

std::string with_text(std::string_view text, const Directive& d, std::string_view by) {
  Pieces pieces;
  pieces.replace(d.name.at.offset, d.end, std::string(by));
  return pieces.apply(text);
}

std::string arguments_into_block(std::string_view text, size_t first, std::string_view directive) {
  const std::vector<Directive> top = parse_text(text);
  assert(!top.empty() && first > 0);
  const Directive& d = top[0];
  if (d.args.size() <= first) return std::string(text);
  const Page page(text);
  const size_t begin = d.args[first].at.offset, end = d.args.back().at.offset + d.args.back().at.length;
  const std::string indent = page.indent(d.name.at.offset);
  const std::string line = std::string(page.line_end()) + indent + std::string(kIndent) +
                           std::string(directive) + " " + std::string(text.substr(begin, end - begin)) + ";";
  Pieces pieces;
  if (d.has_block) {
    // `NAME URL { ... }`: the blank before '{' stays.
    size_t gap = begin;
    while (gap > 0 && is_blank(text[gap - 1])) --gap;
    pieces.replace(gap, end, "");
    pieces.replace(d.body_begin, d.body_begin, line);
  } else {
    pieces.replace(begin, d.end, "{" + line + std::string(page.line_end()) + indent + "}");
  }
  return pieces.apply(text);
}

}  // namespace sluice::config
