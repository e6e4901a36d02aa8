#include "m4f/playlist/xml.h"

#include <cassert>
#include <cstdint>

namespace m4f {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the character at the front of `s`; 0 if it is none that XML 1.0 2.2 allows in UTF-8.
size_t character_length(std::string_view s) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || s.size() < length) return 0;
  uint32_t code = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const uint32_t smallest = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
  return code == 0xfffe || code == 0xffff ? 0 : length;
}

}  // namespace

XmlWriter& XmlWriter::open(std::string_view name) {
  finish_tag();
  out_.append(2 * open_.size(), ' ').append("<").append(name);
  open_.push_back(name);
  in_tag_ = true;
  return *this;
}

XmlWriter& XmlWriter::attribute(std::string_view name, std::string_view value) {
  assert(in_tag_);
  out_.append(" ").append(name).append("=\"");
  escaped(value);
  out_.append("\"");
  return *this;
}

XmlWriter& XmlWriter::attribute(std::string_view name, int64_t value) {
  return attribute(name, std::to_string(value));
}

XmlWriter& XmlWriter::text(std::string_view value) {
  assert(in_tag_);
  out_ += '>';
  in_tag_ = false;
  has_text_ = true;
  escaped(value);
  return *this;
}

XmlWriter& XmlWriter::close() {
  assert(!open_.empty());
  const std::string_view name = open_.back();
  open_.pop_back();
  if (in_tag_) {
    out_ += "/>\n";
  } else {
    if (!has_text_) out_.append(2 * open_.size(), ' ');
    out_.append("</").append(name).append(">\n");
  }
  in_tag_ = has_text_ = false;
  return *this;
}

void XmlWriter::finish_tag() {
  if (in_tag_) out_ += ">\n";
  in_tag_ = false;
}

void XmlWriter::escaped(std::string_view value) {
  while (!value.empty()) {
    const size_t length = character_length(value);
    switch (length == 0 ? '\0' : value[0]) {
      case '\0':
        out_ += kReplacement;
        break;
      case '&':
        out_ += "&amp;";
        break;
      case '<':
        out_ += "&lt;";
        break;
      case '>':
        out_ += "&gt;";
        break;
      case '"':
        out_ += "&quot;";
        break;
      case '\'':
        out_ += "&apos;";
        break;
      case '\t':
        out_ += "&#9;";
        break;
      case '\n':
        out_ += "&#10;";
        break;
      case '\r':
        out_ += "&#13;";
        break;
      default:
        out_.append(value, 0, length);
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace m4f
