#include "m4f/play_list_source.h"

#include <gst/gst.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "gstx/ptr.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Errc;
using m4f::error;
namespace fs = std::filesystem;

constexpr GstClockTime kFetchTime = 5 * GST_SECOND;

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool leaves_its_directory(const fs::path& path) {
  return path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
}

}  // namespace

PlayListSource::PlayListSource(std::string location, const std::string& vod, std::function<bool()> stopped)
    : location_(std::move(location)), stopped_(std::move(stopped)) {
  for (std::string_view rest = vod; !rest.empty();) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view entry = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t middle = entry.find('=');
    if (middle != std::string_view::npos)
      directories_.emplace_back(decode(entry.substr(0, middle)), decode(entry.substr(middle + 1)));
  }
}

m4f::Result<std::string> PlayListSource::fetch() const {
  Ptr<GstElement> pipeline(static_cast<GstElement*>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  GstElement* source = gst_element_factory_make("souphttpsrc", nullptr);
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  if (!source || !sink)
    return error(Errc::kNotFound, "GStreamer has no souphttpsrc: install gstreamer1.0-plugins-good");
  g_object_set(source, "location", location_.c_str(), "timeout", 5u, "retries", 0, "user-agent", "Sluice",
               nullptr);
  std::string text;
  g_object_set(sink, "sync", FALSE, "async", FALSE, "signal-handoffs", TRUE, nullptr);
  g_signal_connect(sink, "handoff", G_CALLBACK(+[](GstElement*, GstBuffer* buffer, GstPad*, gpointer to) {
                     gstx::ReadMap map(buffer);
                     auto& out = *static_cast<std::string*>(to);
                     if (map.ok() && out.size() <= kMaxPlayListBytes)
                       out.append(reinterpret_cast<const char*>(map.data()), map.size());
                   }),
                   &text);
  gst_bin_add_many(GST_BIN(pipeline.get()), source, sink, nullptr);
  gst_element_link(source, sink);
  Ptr<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  std::string problem = "the server takes too long";
  for (GstClockTime waited = 0; waited < kFetchTime && !stopped_(); waited += 100 * GST_MSECOND) {
    Ptr<GstMessage> message(gst_bus_timed_pop_filtered(
        bus.get(), 100 * GST_MSECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (!message) continue;
    problem.clear();
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
      Ptr<GError> told;
      gst_message_parse_error(message.get(), gstx::out(told), nullptr);
      problem = told->message;
    }
    break;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!problem.empty()) return error(Errc::kNotFound, "{}", problem);
  return text;
}

m4f::Result<std::string> PlayListSource::read() const {
  if (location_.starts_with("http://") || location_.starts_with("https://")) return fetch();
  std::ifstream file(location_, std::ios::binary);
  if (!file) return error(Errc::kNotFound, "it cannot be read: does the file exist, and may Sluice read it?");
  std::string text(kMaxPlayListBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

m4f::Result<std::string> PlayListSource::path_of(const std::string& item) const {
  bool known = false;
  for (const auto& [name, directory] : directories_) {
    if (!item.starts_with(name + "/")) continue;
    known = true;
    const fs::path rest = item.substr(name.size() + 1);
    if (rest.empty() || leaves_its_directory(rest))
      return error(Errc::kInvalid, "'{}' is no file of a VOD location", item);
    std::error_code failed;
    const fs::path path = fs::path(directory) / rest;
    if (fs::is_regular_file(path, failed)) return path.string();
  }
  if (!known)
    return error(Errc::kNotFound,
                 "no VOD location and no stream has '{}': items are written LOCATION/FILE or STREAM", item);
  return error(Errc::kNotFound, "there is no file '{}'", item);
}

PlayListSource::Next PlayListSource::next() {
  auto text = read();
  if (!text) return {{}, fmt::format("{}: {}", location_, text.error().message())};
  auto list = parse_play_list(*text);
  if (!list) return {{}, fmt::format("{}: {}", location_, list.error().message())};
  if (list->items.empty()) return {{}, fmt::format("{}: the list is empty", location_)};
  const auto item = order_.next(*list).item;
  if (!item) return {};
  const PlayItem& wanted = list->items[*item];
  auto path = path_of(wanted.name);
  if (path) return {PlayTurn{std::move(*path), wanted.duration, wanted.start, {}, {}}, {}};
  std::string problem = fmt::format("{}: {}", location_, path.error().message());
  if (path.error().code != Errc::kNotFound) return {{}, std::move(problem)};
  return {PlayTurn{{}, wanted.duration, wanted.start, wanted.name, std::move(problem)}, {}};
}

}  // namespace sluice
