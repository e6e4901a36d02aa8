#include "m4f/ts/test_support.h"

#include "m4f/ts/crc32.h"

namespace m4f::ts::testing {

Track h264_track(uint8_t number) {
  Track t;
  t.id = {Content::kVideo, number};
  t.codec = Codec::kH264;
  t.config = {1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 0x1e, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80};
  t.width = 640, t.height = 360;
  return t;
}

Track aac_track(uint8_t number, std::string language) {
  Track t;
  t.id = {Content::kAudio, number};
  t.codec = Codec::kAac;
  t.config = {0x11, 0x90};  // LC, 48 kHz, stereo
  t.language = std::move(language);
  t.sample_rate = 48000, t.channels = 2;
  return t;
}

Track plain_track(Codec codec, uint8_t number) {
  Track t;
  t.id = {content_of(codec), number};
  t.codec = codec;
  t.sample_rate = 48000, t.channels = 2;
  return t;
}

Bytes payload(Codec codec, size_t size, uint32_t seed) {
  Bytes out(size);
  uint32_t x = seed * 2654435761u + 1;
  for (uint8_t& b : out) {
    x = x * 1664525u + 1013904223u;
    b = static_cast<uint8_t>(x >> 24 | 1);  // no zero bytes: no start codes by chance
  }
  if (codec != Codec::kH264 && codec != Codec::kH265) return out;
  // Some NAL units of different sizes, also very small ones.
  for (size_t at = 0, n = 1; at + 4 <= size; n = n * 3 + seed % 5) {
    size_t length = std::min(n, size - at - 4);
    if (size - at - 4 - length < 6) length = size - at - 4;
    for (int i = 0; i < 4; ++i)
      out[at + static_cast<size_t>(i)] = static_cast<uint8_t>(length >> (24 - 8 * i));
    at += 4 + length;
  }
  return out;
}

TestFrame test_frame(size_t track, Codec codec, bool key, Ticks dts, size_t size, Ticks cts_offset) {
  TestFrame f;
  f.frame.track = static_cast<uint8_t>(track);
  f.frame.key = key;
  f.frame.dts = dts;
  f.frame.cts_offset = cts_offset;
  f.frame.duration = Ticks(1800);
  f.data = payload(codec, size, static_cast<uint32_t>(dts.count + static_cast<int64_t>(track)));
  return f;
}

SegmentPtr make_segment(SegmentHeader header, const std::vector<TestFrame>& frames, Ticks duration) {
  SegmentBuilder builder(std::move(header));
  for (const TestFrame& f : frames)
    if (!builder.add_frame(f.frame, f.data)) std::abort();
  builder.seal(duration);
  return builder.segment();
}

SegmentPtr SegmentChain::add(const std::vector<TestFrame>& frames, Ticks duration) {
  header_.ts.tracks.resize(header_.tracks.size());
  if (!frames.empty()) header_.start = frames[0].frame.dts;
  CounterTracker tracker(header_);
  for (const TestFrame& f : frames) tracker.add(f.frame, f.data.size());
  SegmentPtr segment = make_segment(header_, frames, duration);
  header_.ts = tracker.next(header_.tracks);
  ++header_.number;
  header_.discontinuity = false;
  return segment;
}

std::vector<const Pes*> TsContent::of(uint16_t pid) const {
  std::vector<const Pes*> out;
  for (const Pes& p : pes)
    if (p.pid == pid) out.push_back(&p);
  return out;
}

namespace {

uint64_t timestamp(ByteView b) {
  return static_cast<uint64_t>(b[0] >> 1 & 7) << 30 | static_cast<uint64_t>(b[1]) << 22 |
         static_cast<uint64_t>(b[2] >> 1) << 15 | static_cast<uint64_t>(b[3]) << 7 | b[4] >> 1;
}

class Reader {
 public:
  TsContent run(ByteView bytes) {
    if (bytes.size() % 188 != 0) fault(0, "not whole packets");
    for (; bytes.size() >= 188; bytes = bytes.subspan(188)) packet(bytes.first(188));
    for (auto& [pid, pes] : open_) finish(pid);
    return std::move(out_);
  }

 private:
  void fault(uint16_t pid, std::string_view what) {
    out_.faults.push_back(fmt::format("pid {:#x} packet {}: {}", pid, index_, what));
  }

  void packet(ByteView p) {
    ++index_;
    const auto pid = static_cast<uint16_t>((p[1] & 31) << 8 | p[2]);
    const bool start = p[1] & 0x40;
    if (p[0] != 0x47 || p[1] & 0x80 || p[3] & 0xc0) fault(pid, "bad header");
    ++out_.packets[pid];
    if (pid == 0x1fff) return;
    // 2.4.3.3: the counter does not rise with a packet that has no payload.
    const uint8_t counter = p[3] & 15;
    const int step = p[3] & 0x10 ? 1 : 0;
    if (auto it = counters_.find(pid); it != counters_.end() && counter != ((it->second + step) & 15))
      fault(pid, fmt::format("counter {} after {}", counter, it->second));
    counters_[pid] = counter;
    ByteView body = p.subspan(4);
    Pes fresh;
    if (p[3] & 0x20) {
      const size_t n = body[0];
      if (n > (step ? 182u : 183u)) return fault(pid, "adaptation field too long");
      if (n > 0) {
        fresh.discontinuity = body[1] & 0x80;
        fresh.random_access = body[1] & 0x40;
        if (body[1] & 0x10) {
          fresh.pcr = static_cast<uint64_t>(body[2]) << 25 | static_cast<uint64_t>(body[3]) << 17 |
                      static_cast<uint64_t>(body[4]) << 9 | static_cast<uint64_t>(body[5]) << 1 |
                      body[6] >> 7;
          const uint64_t extension = (body[6] & 1u) << 8 | body[7];
          out_.clocks.push_back({index_ - 1, pid, *fresh.pcr * 300 + extension, fresh.discontinuity});
        }
        for (size_t i = body[1] & 0x10 ? 8 : 2; i <= n; ++i)
          if (body[i] != 0xff) fault(pid, "stuffing is not 0xff");
      }
      body = body.subspan(n + 1);
    }
    if (!step) return;
    if (pid < 0x20 || pid == pmt_) return psi(pid, start, body);
    if (start) {
      finish(pid);
      open_[pid] = out_.pes.size();
      fresh.pid = pid;
      header(fresh, body);
      out_.pes.push_back(std::move(fresh));
    }
    if (!open_.contains(pid)) return fault(pid, "no start");
    Pes& pes = out_.pes[open_[pid]];
    pes.elementary.insert(pes.elementary.end(), body.begin(), body.end());
    ++pes.packets;
  }

  void header(Pes& pes, ByteView& body) {
    if (body.size() < 14 || body[0] != 0 || body[1] != 0 || body[2] != 1)
      return fault(pes.pid, "no PES start code");
    pes.stream_id = body[3];
    pes.declared_length = static_cast<size_t>(body[4] << 8 | body[5]);
    const uint8_t flags = body[7];
    const size_t size = body[8];
    if (flags & 0x80) pes.pts = timestamp(body.subspan(9));
    if (flags & 0x40) pes.dts = timestamp(body.subspan(14));
    if (!pes.dts) pes.dts = pes.pts;
    if (pes.declared_length != 0) pes.declared_length -= 3 + size;
    body = body.subspan(9 + size);
  }

  void finish(uint16_t pid) {
    auto it = open_.find(pid);
    if (it == open_.end()) return;
    const Pes& pes = out_.pes[it->second];
    if (pes.declared_length != 0 && pes.declared_length != pes.elementary.size())
      fault(pid, fmt::format("PES of {} bytes says {}", pes.elementary.size(), pes.declared_length));
  }

  void psi(uint16_t pid, bool start, ByteView body) {
    Bytes& section = partial_[pid];
    if (start) {
      section.clear();
      body = body.subspan(1 + body[0]);
    }
    section.insert(section.end(), body.begin(), body.end());
    const size_t length =
        section.size() < 3 ? 4096 : static_cast<size_t>((section[1] & 15) << 8 | section[2]) + 3;
    if (section.size() < length) return;
    section.resize(length);
    if (crc32(section) != 0) fault(pid, "CRC");
    if (pid == 0 && length >= 12) pmt_ = static_cast<uint16_t>((section[10] & 31) << 8 | section[11]);
    out_.sections[pid].push_back(section);
  }

  TsContent out_;
  size_t index_ = 0;
  uint16_t pmt_ = 0x1000;
  std::map<uint16_t, uint8_t> counters_;
  std::map<uint16_t, size_t> open_;
  std::map<uint16_t, Bytes> partial_;
};

}  // namespace

TsContent read_ts(ByteView bytes) {
  return Reader().run(bytes);
}

}  // namespace m4f::ts::testing
