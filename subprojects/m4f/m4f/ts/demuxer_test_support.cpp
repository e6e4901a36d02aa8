#include "m4f/ts/demuxer_test_support.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace m4f::ts::testing {

void Collector::on_track(size_t index, const Track& track) {
  tracks[index] = track;
  ++announcements;
}

void Collector::on_frame(const InputFrame& frame) {
  Received r{frame.track, *frame.pts, *frame.dts, frame.duration, frame.key, frame.discont, {}};
  for (ByteView piece : frame.pieces) r.data.insert(r.data.end(), piece.begin(), piece.end());
  if (!tracks.contains(frame.track)) std::abort();  // never before its track
  frames.push_back(std::move(r));
}

std::vector<Received> Demuxed::of(size_t track) const {
  std::vector<Received> out;
  std::copy_if(frames.begin(), frames.end(), std::back_inserter(out),
               [&](const Received& r) { return r.track == track; });
  return out;
}

Demuxed demux(ByteView bytes, size_t piece, DemuxerSettings settings) {
  Demuxed out;
  Demuxer demuxer(std::move(settings), out);
  if (piece == 0) piece = std::max<size_t>(bytes.size(), 1);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size())))
    demuxer.feed(bytes.first(std::min(piece, bytes.size())));
  demuxer.flush();
  out.stats = demuxer.stats();
  return out;
}

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) std::abort();
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Listed> parse_list(std::string_view text) {
  std::vector<Listed> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    int64_t values[3] = {};
    bool good = true;
    for (int64_t& value : values) {
      const auto [at, failed] = std::from_chars(line.data(), line.data() + line.size(), value);
      good = good && failed == std::errc() && at != line.data() + line.size() && *at == ',';
      if (good) line.remove_prefix(static_cast<size_t>(at - line.data()) + 1);
    }
    if (good) out.push_back({static_cast<size_t>(values[0]), values[1], values[2], line.starts_with('K')});
  }
  return out;
}

std::vector<TestFrame> to_segment_frames(const std::vector<Received>& frames, Ticks offset) {
  std::vector<TestFrame> out;
  for (const Received& r : frames) {
    TestFrame f;
    f.frame.track = static_cast<uint8_t>(r.track);
    f.frame.key = r.key;
    f.frame.dts = r.dts + offset;
    f.frame.cts_offset = r.pts - r.dts;
    f.frame.duration = r.duration;
    f.data = r.data;
    out.push_back(std::move(f));
  }
  return out;
}

}  // namespace m4f::ts::testing
