#include "m4f/ts/video_assembler.h"

#include <algorithm>

#include "m4f/codec/h265.h"
#include "m4f/codec/nal.h"

namespace m4f::ts {
namespace {

constexpr size_t kSliceHeadBytes =
    16;  // first_mb, type, PPS, frame_num and field flags of a slice header, escaped
constexpr unsigned kTrustAfter = 4;
// A muxer that splits large frames over PES packets fills them up.
constexpr size_t kMaxTrustedPes = 60000;

// Whether the slice's picture is a field (7.3.3).
bool is_field(ByteView nal, const h264::Sps& sps) {
  BitReader in(nal.subspan(1), true);
  in.ue();
  in.ue();
  in.ue();
  if (sps.separate_colour_plane) in.skip(2);
  in.skip(sps.log2_max_frame_num);
  return in.flag() && in.ok();
}

}  // namespace

size_t VideoAssembler::bytes_needed(uint8_t first) const {
  if (codec_ == Codec::kH264) return sps_ && h264::is_slice(first & 31) ? kSliceHeadBytes : 2;
  if (codec_ == Codec::kH265) return 3;
  return first == 0xb5 ? 4 : 1;
}

VideoAssembler::Unit VideoAssembler::examine(ByteView unit) const {
  Unit u;
  if (unit.empty()) return u;
  if (codec_ == Codec::kH264) {
    u.begins = h264::begins_access_unit(unit, true);
    const uint8_t type = h264::nal_type(unit);
    u.slice = type == h264::kSlice || type == h264::kPartitionA || type == h264::kIdr;
    u.picture = u.slice && u.begins;
    if (u.picture && sps_) u.field = is_field(unit, *sps_);
  } else if (codec_ == Codec::kH265) {
    u.begins = h265::begins_access_unit(unit, true);
    u.slice = h265::is_slice(h265::nal_type(unit));
    u.picture = u.slice && u.begins;
  } else {
    // ISO/IEC 13818-2 6.2.1: sequence_header, group_of_pictures_header, picture_start_code; slices are 01 to
    // AF.
    const uint8_t code = unit[0];
    u.begins = code == 0xb3 || code == 0xb8 || code == 0x00;
    u.picture = code == 0x00;
    u.slice = code >= 0x01 && code <= 0xaf;
    if (code == 0xb5 && unit.size() >= 4 && unit[1] >> 4 == 8)
      u.field = (unit[3] & 3) != 3;  // picture_structure
  }
  return u;
}

void VideoAssembler::on_begin_pes(std::optional<size_t> length) {
  if (pes_open_) pes_is_unit_ = false;  // nothing began in the one before
  pes_at_ = held().size();
  pes_open_ = true;
  pes_length_ = length;
}

void VideoAssembler::scan(bool at_end) {
  for (;;) {
    const ByteView in = held();
    const size_t code = find_start_code(in, scan_at_);
    if (code + 3 >= in.size()) {
      scan_at_ = code < in.size() ? code : std::max(scan_at_, in.size() < 2 ? 0 : in.size() - 2);
      break;
    }
    const ByteView unit = in.subspan(code + 3);
    if (unit.size() < bytes_needed(unit[0]) && !at_end) {
      scan_at_ = code;
      break;
    }
    // The zero_byte of a four-byte start code belongs to the unit that it begins (H.264 B.1.2).
    // A zero at the end of another PES packet is a trailing one of the unit before.
    const size_t start = code > 0 && code != pes_at_ && in[code - 1] == 0 ? code - 1 : code;
    if (sps_at_ != 0) {
      auto sps = h264::parse_sps(in.subspan(sps_at_, std::max(start, sps_at_) - sps_at_));
      sps_.reset();
      if (sps && !sps->frame_mbs_only) sps_ = *sps;
      sps_at_ = 0;
    }
    const bool is_sps = codec_ == Codec::kH264 && h264::nal_type(unit) == h264::kSps;
    scan_at_ = code + 3;
    note(start, examine(unit));
    if (is_sps && inside_) sps_at_ = scan_at_;
  }
  // Outside of a unit only what may be the beginning of a start code is of use.
  if (!inside_ && scan_at_ > 0) discard(held()[scan_at_ - 1] == 0 ? scan_at_ - 1 : scan_at_);
}

void VideoAssembler::note(size_t start, const Unit& unit) {
  if (unit.begins && (!inside_ || slices_)) {
    if (inside_ && field_ && pictures_ == 1) {
      slices_ = false;  // what begins here is the frame's second field
    } else {
      const ByteView before = held().subspan(std::min(pes_at_, start), start - std::min(pes_at_, start));
      if (!pes_open_ || pes_at_ > start ||
          std::any_of(before.begin(), before.end(), [](uint8_t b) { return b; }))
        pes_is_unit_ = false;
      pes_open_ = false;
      inside_ ? end_unit(start) : discard(start);
      begin_unit();
    }
  }
  if (!inside_) return;
  slices_ = slices_ || unit.slice;
  if (unit.picture) ++pictures_;
  if (unit.field && pictures_ <= 1) field_ = *unit.field;
}

void VideoAssembler::begin_unit() {
  inside_ = true;
  expect_start_ = false;
  time_ = take_time(0);
}

// Gives out held()'s first `end` bytes.
void VideoAssembler::end_unit(size_t end) {
  if (time_) {
    if (last_ && time_->dts > last_->dts) step_ = time_->dts - last_->dts;
  } else if (const Ticks step = frame_duration_ > Ticks() ? frame_duration_ : step_;
             last_ && step > Ticks()) {
    // Several units in one PES packet: only the first has a timestamp.
    time_ = Timestamps{last_->pts + step, last_->dts + step};
  }
  // A unit that no timestamp came before cannot be placed.
  if (time_) emit(held().first(end), *time_, Ticks());
  last_ = time_;
  drop(end);
  inside_ = slices_ = field_ = false;
  pictures_ = 0;
}

void VideoAssembler::drop(size_t n) {
  consume(n);
  scan_at_ -= std::min(scan_at_, n);
  pes_at_ -= std::min(pes_at_, n);
}

void VideoAssembler::discard(size_t n) {
  const ByteView bytes = held().first(n);
  if (expect_start_ && std::any_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b; })) {
    damaged();
    pes_is_unit_ = expect_start_ = false;
  }
  drop(n);
}

void VideoAssembler::on_end_pes() {
  scan(true);
  if (!inside_ || !slices_ || (field_ && pictures_ == 1) || pes_open_ || !pes_is_unit_) return;
  if (++whole_ <= kTrustAfter || !pes_length_ || *pes_length_ > kMaxTrustedPes) return;
  end_unit(held().size());
  scan_at_ = sps_at_ = 0;
  expect_start_ = true;
}

void VideoAssembler::on_lose() {
  scan_at_ = sps_at_ = 0;
  inside_ = slices_ = field_ = pes_open_ = expect_start_ = false;
  pictures_ = 0;
  last_.reset();
}

void VideoAssembler::on_flush() {
  scan(true);
  if (inside_ && slices_) end_unit(held().size());
  on_lose();
}

}  // namespace m4f::ts
