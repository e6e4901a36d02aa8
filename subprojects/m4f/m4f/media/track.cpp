#include "m4f/media/track.h"

#include <algorithm>

namespace m4f {
namespace {

constexpr size_t kMaxSelection = 32;

char letter_of(Content content) {
  switch (content) {
    case Content::kVideo: return 'v';
    case Content::kAudio: return 'a';
    case Content::kText: return 't';
  }
  return '?';
}

// Reads one id at the front of `text` and removes it.
std::optional<TrackId> take_id(std::string_view& text) {
  TrackId id;
  if (text.size() < 2) return std::nullopt;
  switch (text[0]) {
    case 'v': id.content = Content::kVideo; break;
    case 'a': id.content = Content::kAudio; break;
    case 't': id.content = Content::kText; break;
    default: return std::nullopt;
  }
  unsigned number = 0;
  size_t at = 1;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<unsigned>(text[at] - '0');
    if (number > 255) return std::nullopt;
  }
  if (number == 0 || text[1] == '0') return std::nullopt;
  id.number = static_cast<uint8_t>(number);
  text.remove_prefix(at);
  return id;
}

}  // namespace

std::string_view codec_name(Codec codec) {
  switch (codec) {
    case Codec::kH264: return "h264";
    case Codec::kH265: return "hevc";
    case Codec::kMpeg1Video: return "mp1v";
    case Codec::kMpeg2Video: return "mp2v";
    case Codec::kAv1: return "av1";
    case Codec::kVp8: return "vp8";
    case Codec::kVp9: return "vp9";
    case Codec::kAac: return "aac";
    case Codec::kMpegAudio: return "mp3";
    case Codec::kAc3: return "ac3";
    case Codec::kEac3: return "eac3";
    case Codec::kOpus: return "opus";
  }
  return "unknown";
}

std::string TrackId::text() const { return letter_of(content) + std::to_string(number); }

std::optional<TrackId> TrackId::parse(std::string_view text) {
  auto id = take_id(text);
  if (!id || !text.empty()) return std::nullopt;
  return id;
}

bool Track::same_format(const Track& next) const {
  return codec == next.codec && config == next.config && width == next.width && height == next.height &&
         sample_rate == next.sample_rate && channels == next.channels;
}

std::optional<TrackSelection> TrackSelection::parse(std::string_view text) {
  TrackSelection selection;
  while (!text.empty()) {
    auto id = take_id(text);
    if (!id || selection.ids.size() == kMaxSelection) return std::nullopt;
    if (std::find(selection.ids.begin(), selection.ids.end(), *id) != selection.ids.end()) return std::nullopt;
    selection.ids.push_back(*id);
  }
  if (selection.ids.empty()) return std::nullopt;
  return selection;
}

std::string TrackSelection::text() const {
  std::string out;
  for (const TrackId& id : ids) out += id.text();
  return out;
}

}  // namespace m4f
