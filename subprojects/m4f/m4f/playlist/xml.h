// Writes XML: indented elements with escaped attributes and text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace m4f {

class XmlWriter {
 public:
  XmlWriter() : out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

  // `name` must outlive the element.
  XmlWriter& open(std::string_view name);
  // Of the element that was opened last. Any value is made well-formed: what XML or UTF-8 does not allow
  // becomes U+FFFD.
  XmlWriter& attribute(std::string_view name, std::string_view value);
  XmlWriter& attribute(std::string_view name, int64_t value);
  // The element's only content.
  XmlWriter& text(std::string_view value);
  XmlWriter& close();

  std::string take() { return std::move(out_); }

 private:
  void finish_tag();
  void escaped(std::string_view value);

  std::string out_;
  std::vector<std::string_view> open_;
  bool in_tag_ = false;  // the newest element's tag still takes attributes
  bool has_text_ = false;
};

}  // namespace m4f
