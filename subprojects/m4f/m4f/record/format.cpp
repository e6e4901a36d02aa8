#include "m4f/record/format.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

namespace m4f::format {
namespace {

constexpr size_t kHeaderSumAt = 20;

// Flags of a begin record.
constexpr uint8_t kDiscontinuity = 1, kGap = 2, kKeyStart = 4;
// Flags of a frame record.
constexpr uint8_t kKey = 1, kPartEnd = 2, kGapBefore = 4;

void store(uint8_t* to, uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i, v >>= 8) to[i] = static_cast<uint8_t>(v);
}

uint64_t load(const uint8_t* from, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; ++i) v = v << 8 | from[i];
  return v;
}

void store_head(uint8_t* to, size_t size, RecordType type, unsigned flags, size_t track, size_t head_size) {
  store(to, size, 4);
  to[4] = type;
  to[5] = static_cast<uint8_t>(flags);
  to[6] = static_cast<uint8_t>(track);
  to[7] = static_cast<uint8_t>(head_size / 8);
}

// Low half of XXH3-64 over the record with the sum's own field taken as zero.
uint32_t header_sum(ByteView record) {
  Bytes copy(record.begin(), record.end());
  std::fill_n(copy.begin() + kHeaderSumAt, 4, uint8_t{0});
  return static_cast<uint32_t>(XXH3_64bits(copy.data(), copy.size()));
}

void write_track(ByteWriter& out, const Track& t, TsCounters::PerTrack ts) {
  const size_t size = kTrackHead + t.rfc6381.size() + t.language.size() + t.title.size() + t.config.size();
  out.u32(padded(size));
  out.u8(kTrackHead / 8);
  out.u8(static_cast<uint8_t>(t.id.content));
  out.u8(t.id.number);
  out.u8(static_cast<uint8_t>(t.codec));
  out.u8(ts.plain);
  out.u8(ts.with_pcr);
  out.u16(t.rfc6381.size());
  out.u16(t.language.size());
  out.u16(t.title.size());
  out.u32(t.config.size());
  for (uint32_t v : {t.width, t.height, t.sar_width, t.sar_height, t.fps_num, t.fps_den, t.sample_rate,
                     t.channels, t.bitrate})
    out.u32(v);
  out.u64(static_cast<uint64_t>(t.part_target.count));
  out.u64(static_cast<uint64_t>(t.frame_duration.count));
  out.text(t.rfc6381);
  out.text(t.language);
  out.text(t.title);
  out.bytes(t.config);
  for (size_t i = size; i < padded(size); ++i) out.u8(0);
}

bool span_in_range(Ticks t) {
  return t.count >= 0 && t.count <= kMaxDistance;
}

Result<Track> read_track(ByteView entry, TsCounters::PerTrack& ts) {
  ByteReader in(entry);
  Track t;
  in.skip(4);
  const size_t head = size_t{in.u8()} * 8;
  t.id.content = static_cast<Content>(in.u8());
  t.id.number = in.u8();
  t.codec = static_cast<Codec>(in.u8());
  ts.plain = in.u8();
  ts.with_pcr = in.u8();
  const size_t rfc6381 = in.u16(), language = in.u16(), title = in.u16(), config = in.u32();
  for (uint32_t* v : {&t.width, &t.height, &t.sar_width, &t.sar_height, &t.fps_num, &t.fps_den,
                      &t.sample_rate, &t.channels, &t.bitrate})
    *v = in.u32();
  t.part_target = Ticks(static_cast<int64_t>(in.u64()));
  t.frame_duration = Ticks(static_cast<int64_t>(in.u64()));
  if (head < kTrackHead) return error(Errc::kInvalid, "fixed part of {} bytes is too short", head);
  in.skip(head - kTrackHead);  // fields of a newer version
  if (std::max({rfc6381, language, title}) > kMaxTextSize || config > kMaxConfigSize)
    return error(Errc::kLimit, "a text or the decoder configuration is too long");
  t.rfc6381 = as_text(in.bytes(rfc6381));
  t.language = as_text(in.bytes(language));
  t.title = as_text(in.bytes(title));
  const ByteView c = in.bytes(config);
  t.config.assign(c.begin(), c.end());
  if (!in.ok()) return error(Errc::kTruncated, "texts and configuration do not fit their entry");

  if (t.id.content < Content::kVideo || t.id.content > Content::kText || t.id.number == 0)
    return error(Errc::kInvalid, "no such track id");
  if (t.id.content != Content::kText && t.id.content != content_of(t.codec))
    return error(Errc::kInvalid, "codec {} is not for {}", static_cast<int>(t.codec), t.id.text());
  if (t.sar_width == 0 || t.sar_height == 0 || t.fps_den == 0)
    return error(Errc::kInvalid, "ratio without a denominator");
  if (!span_in_range(t.part_target) || !span_in_range(t.frame_duration))
    return error(Errc::kInvalid, "part target or frame duration out of range");
  if (std::max(ts.plain, ts.with_pcr) > 15)
    return error(Errc::kInvalid, "a continuity counter has four bits");
  return t;
}

}  // namespace

RecordHead read_head(const uint8_t* bytes) {
  return {static_cast<uint32_t>(load(bytes, 4)), bytes[4], bytes[5], bytes[6], bytes[7]};
}

SegmentHeader fit(SegmentHeader header) {
  assert(header.tracks.size() <= kMaxTracks);
  assert(header.ts.tracks.size() <= header.tracks.size());
  assert(header.start.count >= 0 && header.start.count < kMaxTime);
  const auto in_range = [](Ticks t) { return Ticks(std::clamp<int64_t>(t.count, 0, kMaxDistance)); };
  header.target = in_range(header.target);
  header.since_discontinuity.count =
      std::clamp<int64_t>(header.since_discontinuity.count, 0, std::min(header.start.count, kMaxAge));
  header.ts.psi &= 15;
  for (auto& ts : header.ts.tracks) ts = {uint8_t(ts.plain & 15), uint8_t(ts.with_pcr & 15)};
  for (Track& t : header.tracks) {
    for (std::string* text : {&t.rfc6381, &t.language, &t.title})
      if (text->size() > kMaxTextSize) text->resize(kMaxTextSize);
    if (t.config.size() > kMaxConfigSize) t.config.clear();
    if (t.sar_width == 0 || t.sar_height == 0) t.sar_width = t.sar_height = 1;
    if (t.fps_den == 0) t.fps_num = 0, t.fps_den = 1;
    t.part_target = in_range(t.part_target);
    t.frame_duration = in_range(t.frame_duration);
  }
  return header;
}

Bytes write_begin(const SegmentHeader& h) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u32(0);  // size, below
  out.u8(kSegmentBegin);
  out.u8((h.discontinuity ? kDiscontinuity : 0) | (h.gap ? kGap : 0) | (h.key_start ? kKeyStart : 0));
  out.u8(h.tracks.size());
  out.u8(kBeginHead / 8);
  out.bytes(kMagic);
  out.u16(kVersion);
  out.u16(kVersion);  // oldest reader that understands this
  out.u32(0);         // header sum, below
  out.u64(h.number);
  out.u64(static_cast<uint64_t>(h.start.count));
  out.u64(h.discontinuity_sequence);
  out.u64(static_cast<uint64_t>(h.target.count));
  out.u8(h.ts.psi);
  out.u8(h.ts.tracks.size());
  out.u16(static_cast<uint64_t>(h.since_discontinuity.count) >> 32);
  out.u32(static_cast<uint64_t>(h.since_discontinuity.count));
  assert(bytes.size() == kBeginHead);
  for (size_t i = 0; i < h.tracks.size(); ++i)
    write_track(out, h.tracks[i], i < h.ts.tracks.size() ? h.ts.tracks[i] : TsCounters::PerTrack{});
  out.patch_u32(0, static_cast<uint32_t>(bytes.size()));
  out.patch_u32(kHeaderSumAt, header_sum(bytes));
  return bytes;
}

Result<SegmentHeader> read_begin(ByteView record) {
  if (record.size() < kBeginHead) return error(Errc::kTruncated, "begin record of {} bytes", record.size());
  const RecordHead head = read_head(record.data());
  ByteReader in(record);
  in.skip(kRecordHeader);
  if (!std::ranges::equal(in.bytes(kMagic.size()), kMagic)) return error(Errc::kInvalid, "no M4F magic");
  in.skip(2);  // version: of interest to people only
  if (const uint16_t needs = in.u16(); needs > kVersion)
    return error(Errc::kUnsupported, "needs a reader of M4F version {}, this one reads {}", needs, kVersion);
  if (in.u32() != header_sum(record) && kVerifyChecksums)
    return error(Errc::kInvalid, "damaged begin record");
  SegmentHeader h;
  h.discontinuity = head.flags & kDiscontinuity;
  h.gap = head.flags & kGap;
  h.key_start = head.flags & kKeyStart;
  h.number = in.u64();
  h.start = Ticks(static_cast<int64_t>(in.u64()));
  h.discontinuity_sequence = in.u64();
  h.target = Ticks(static_cast<int64_t>(in.u64()));
  h.ts.psi = in.u8();
  const size_t counters = in.u8();
  h.since_discontinuity = Ticks(static_cast<int64_t>(in.u16()) << 32);
  h.since_discontinuity += Ticks(in.u32());
  if (h.start.count < 0 || h.start.count >= kMaxTime) return error(Errc::kInvalid, "start out of range");
  if (!span_in_range(h.target)) return error(Errc::kInvalid, "target out of range");
  if (h.since_discontinuity > h.start) return error(Errc::kInvalid, "discontinuity before 1970");
  if (h.ts.psi > 15) return error(Errc::kInvalid, "a continuity counter has four bits");
  if (head.track == 0) return error(Errc::kInvalid, "no tracks");
  if (head.track > kMaxTracks) return error(Errc::kLimit, "{} tracks, at most {}", head.track, kMaxTracks);
  if (counters > head.track) return error(Errc::kInvalid, "more continuity counters than tracks");
  if (size_t{head.head_size} * 8 < kBeginHead) return error(Errc::kInvalid, "fixed part is too short");
  in.skip(size_t{head.head_size} * 8 - kBeginHead);  // fields of a newer version

  for (size_t i = 0; i < head.track; ++i) {
    const size_t at = in.position(), left = in.left();
    const size_t size = in.ok() ? in.u32() : 0;
    if (!in.ok() || size < kTrackHead || size > left)
      return error(Errc::kTruncated, "track {}: its entry does not fit", i);
    TsCounters::PerTrack ts;
    auto track = read_track(record.subspan(at, size), ts);
    if (!track) return tl::unexpected(std::move(track.error()).within(fmt::format("track {}", i)));
    in.skip(size - 4);
    for (const Track& other : h.tracks)
      if (other.id == track->id) return error(Errc::kInvalid, "two tracks {}", other.id.text());
    h.tracks.push_back(std::move(*track));
    if (i < counters) h.ts.tracks.push_back(ts);
  }
  if (!in.ok()) return error(Errc::kTruncated, "fixed part does not fit");
  return h;
}

Result<void> check_frame(const SegmentHeader& header, const Frame& f, size_t size) {
  if (size > kMaxFrameSize) return error(Errc::kLimit, "frame of {} bytes, at most {}", size, kMaxFrameSize);
  if (f.track >= header.tracks.size()) return error(Errc::kInvalid, "frame of unknown track {}", f.track);
  // Unsigned: a difference that wraps is far out of range, too.
  const uint64_t distance = uint64_t(f.dts.count) - uint64_t(header.start.count) + uint64_t(kMaxDistance);
  if (distance > 2 * uint64_t(kMaxDistance))
    return error(Errc::kInvalid, "frame's DTS is more than 13 hours away from its segment's start");
  if (f.cts_offset.count < std::numeric_limits<int32_t>::min() ||
      f.cts_offset.count > std::numeric_limits<int32_t>::max())
    return error(Errc::kInvalid, "frame's PTS is more than 6 hours away from its DTS");
  if (f.duration.count < 0 || f.duration.count > std::numeric_limits<uint32_t>::max())
    return error(Errc::kInvalid, "frame's duration out of range");
  return {};
}

std::array<uint8_t, kFrameHead> write_frame_head(const Frame& f, size_t size) {
  std::array<uint8_t, kFrameHead> out;
  const unsigned flags = (f.key ? kKey : 0) | (f.part_end ? kPartEnd : 0) | (f.gap_before ? kGapBefore : 0);
  store_head(out.data(), kFrameHead + size, kFrame, flags, f.track, kFrameHead);
  store(&out[8], static_cast<uint64_t>(f.dts.count), 8);
  store(&out[16], static_cast<uint64_t>(f.cts_offset.count), 4);
  store(&out[20], static_cast<uint64_t>(f.duration.count), 4);
  return out;
}

Frame read_frame_head(const uint8_t* p) {
  Frame f;
  f.track = p[6];
  f.key = p[5] & kKey;
  f.part_end = p[5] & kPartEnd;
  f.gap_before = p[5] & kGapBefore;
  f.dts = Ticks(static_cast<int64_t>(load(p + 8, 8)));
  f.cts_offset = Ticks(static_cast<int32_t>(load(p + 16, 4)));
  f.duration = Ticks(static_cast<int64_t>(load(p + 20, 4)));
  return f;
}

std::array<uint8_t, kEndRecord> write_end(const SegmentEnd& end) {
  std::array<uint8_t, kEndRecord> out;
  store_head(out.data(), kEndRecord, kSegmentEnd, 0, 0, kEndRecord);
  store(&out[8], static_cast<uint64_t>(end.duration.count), 8);
  store(&out[16], end.frames, 8);
  store(&out[24], end.checksum, 8);
  return out;
}

SegmentEnd read_end(ByteView record) {
  const uint8_t* p = record.data();
  // A newer version's fields stand before the checksum.
  return {Ticks(static_cast<int64_t>(load(p + 8, 8))), load(p + 16, 8), load(p + record.size() - 8, 8)};
}

}  // namespace m4f::format
