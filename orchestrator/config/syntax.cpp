#include "orchestrator/config/syntax.h"

#include <fmt/format.h>

#include <optional>

#include "orchestrator/config/names.h"

namespace sluice::config {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool ends_word(char c) {
  return is_blank(c) || c == ';' || c == '{' || c == '}';
}

enum class Kind { kWord, kSemicolon, kOpen, kClose, kEnd };

class Lexer {
 public:
  explicit Lexer(Reporter& reporter) : reporter_(reporter), text_(reporter.text()) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // byte order mark
  }

  // The next token; words are stored in `word`.
  Kind next(Token& word) {
    skip_blanks_and_comments();
    mark_ = {line_, column_, at_, 1};
    if (at_ == text_.size()) return Kind::kEnd;
    if (++tokens_ > kMaxTokens) {
      reporter_.error(mark_,
                      fmt::format("the file has more than {} words: the rest is not read", kMaxTokens));
      at_ = text_.size();
      return Kind::kEnd;
    }
    switch (text_[at_]) {
      case ';':
        return single(Kind::kSemicolon);
      case '{':
        return single(Kind::kOpen);
      case '}':
        return single(Kind::kClose);
      default:
        read_word(word);
        return Kind::kWord;
    }
  }
  const Span& mark() const { return mark_; }  // of the newest token

 private:
  Kind single(Kind kind) {
    step();
    starts_line_ = false;
    return kind;
  }

  void step() {
    const auto c = static_cast<unsigned char>(text_[at_++]);
    if (c == '\n') {
      ++line_;
      column_ = 1;
      starts_line_ = true;
    } else if ((c & 0xC0) != 0x80) {
      ++column_;
    }
  }

  void skip_blanks_and_comments() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        step();
      } else if (text_[at_] == '#') {  // only here, where a token could start
        while (at_ < text_.size() && text_[at_] != '\n') step();
      } else {
        return;
      }
    }
  }

  void read_word(Token& word) {
    word = {};
    word.at = mark_;
    word.starts_line = starts_line_;
    starts_line_ = false;
    bool control = false, closed = false;
    while (at_ < text_.size() && !ends_word(text_[at_])) {
      const char c = text_[at_];
      const bool value_starts = word.equals != std::string::npos && word.text.size() == word.equals + 1;
      if (closed) {
        reporter_.error({line_, column_, at_, 1}, "a blank or ';' is missing after the closing quote");
        closed = false;
      }
      if ((c == '"' || c == '\'') && (at_ == mark_.offset || value_starts)) {
        closed = quoted(word, c);
        continue;
      }
      if (c == '=' && word.equals == std::string::npos && at_ > mark_.offset && text_[mark_.offset] != '"' &&
          text_[mark_.offset] != '\'')
        word.equals = word.text.size();
      control |= static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      word.text += c;
      step();
    }
    word.at.length = at_ - mark_.offset;
    if (control)
      reporter_.error(word.at, "a control character stands in this word: is this a text file?");
    else if (!is_utf8(word.text))
      reporter_.error(word.at, "this is not UTF-8 text: save the file as UTF-8");
    if (word.text.size() > kMaxTokenBytes) {
      reporter_.error(word.at, fmt::format("a word of {} bytes: at most {} are allowed", word.text.size(),
                                           kMaxTokenBytes));
      word.text.resize(kMaxTokenBytes);
      if (word.equals != std::string::npos && word.equals >= word.text.size())
        word.equals = std::string::npos;
    }
  }

  // Reads quoted text, which ends on its own line; \" \' and \\ stand for the character itself.
  bool quoted(Token& word, char quote) {
    const Span open{line_, column_, at_, 1};
    step();
    while (at_ < text_.size() && text_[at_] != '\n') {
      char c = text_[at_];
      if (c == quote) {
        step();
        return true;
      }
      if (c == '\\' && at_ + 1 < text_.size() &&
          (text_[at_ + 1] == '"' || text_[at_ + 1] == '\'' || text_[at_ + 1] == '\\')) {
        step();
        c = text_[at_];
      }
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F)
        reporter_.error({line_, column_, at_, 1},
                        "a control character stands in quoted text: is this a text file?");
      word.text += c;
      step();
    }
    reporter_.error(open, fmt::format("the quote is not closed on this line: {} is missing", quote));
    return true;
  }

  Reporter& reporter_;
  std::string_view text_;
  size_t at_ = 0, tokens_ = 0;
  int line_ = 1, column_ = 1;
  bool starts_line_ = true;
  Span mark_;
};

class Parser {
 public:
  explicit Parser(Reporter& reporter) : reporter_(reporter), lexer_(reporter) {}

  // Reads directives until the block (or the file, at depth 0) ends. `opened` = the '{' and its directive.
  std::vector<Directive> block(int depth, const Directive* owner) {
    std::vector<Directive> out;
    std::optional<Directive> open;  // a directive without its terminator yet
    auto finish = [&] {
      if (open) out.push_back(std::move(*open));
      open.reset();
    };
    auto end_with_word = [&] {
      if (!open) return;
      const Span& last = open->args.empty() ? open->name.at : open->args.back().at;
      open->end = last.offset + last.length;
    };
    for (Token word;;) {
      switch (lexer_.next(word)) {
        case Kind::kWord:
          if (!open)
            open.emplace().name = std::move(word);
          else
            open->args.push_back(std::move(word));
          break;
        case Kind::kSemicolon:
          if (open) open->end = lexer_.mark().offset + 1;
          finish();
          break;  // alone it is harmless: "};"
        case Kind::kOpen:
          if (!open) {
            reporter_.error(lexer_.mark(), "'{' without a directive before it");
            open.emplace().name.at = lexer_.mark();
          }
          if (depth == kMaxDepth) {
            reporter_.error(lexer_.mark(), fmt::format("blocks are nested more than {} deep", kMaxDepth));
            skip_block();
          } else {
            open->has_block = true;
            open->body_begin = lexer_.mark().offset + 1;
            open->body = block(depth + 1, &*open);
          }
          open->body_end = lexer_.mark().offset;
          open->end = open->body_end + 1;
          if (open->name.text.empty()) open.reset();
          finish();
          break;
        case Kind::kClose:
          end_with_word();
          finish();
          if (owner) return out;
          reporter_.error(lexer_.mark(),
                          "'}' closes nothing: a '{' is missing before it or this one is too many");
          break;
        case Kind::kEnd:
          if (owner)
            reporter_.error(owner->name.at, fmt::format("the block of '{}' is not closed: '}}' is missing",
                                                        owner->name.text));
          else if (open)
            reporter_.error(open->name.at,
                            fmt::format("';' is missing after '{}'",
                                        open->args.empty() ? open->name.text : open->args.back().text));
          end_with_word();
          finish();
          return out;
      }
    }
  }

 private:
  void skip_block() {
    Token word;
    for (int depth = 1; depth > 0;) {
      const Kind kind = lexer_.next(word);
      if (kind == Kind::kOpen)
        ++depth;
      else if (kind == Kind::kClose)
        --depth;
      else if (kind == Kind::kEnd)
        return;
    }
  }

  Reporter& reporter_;
  Lexer lexer_;
};

}  // namespace

std::vector<Directive> parse(Reporter& reporter) {
  if (reporter.text().size() > kMaxFileBytes) {
    reporter.error({}, fmt::format("the file is larger than {} MiB", kMaxFileBytes >> 20));
    return {};
  }
  return Parser(reporter).block(0, nullptr);
}

}  // namespace sluice::config
