#include "m4f/ts/pes_reader.h"

#include <algorithm>

namespace m4f::ts {
namespace {

// stream_ids whose PES packets have no header extension (2.4.3.7, Table 2-21): nothing here is in them.
bool has_extension(uint8_t stream_id) {
  switch (stream_id) {
    case 0xbc:  // program_stream_map
    case 0xbe:  // padding
    case 0xbf:  // private_stream_2
    case 0xf0:  // ECM
    case 0xf1:  // EMM
    case 0xf2:  // DSM-CC
    case 0xf8:  // H.222.1 type E
    case 0xff:
      return false;  // program_stream_directory
    default:
      return true;
  }
}

std::optional<uint64_t> read_timestamp(const uint8_t* b) {
  if (!(b[0] & 1) || !(b[2] & 1) || !(b[4] & 1)) return std::nullopt;  // marker bits
  return static_cast<uint64_t>(b[0] >> 1 & 7) << 30 | static_cast<uint64_t>(b[1]) << 22 |
         static_cast<uint64_t>(b[2] >> 1) << 15 | static_cast<uint64_t>(b[3]) << 7 | b[4] >> 1;
}

}  // namespace

void PesReader::feed(ByteView payload, bool unit_start) {
  if (unit_start) begin();
  if (state_ == State::kHeader) payload = read_header(payload);
  if (state_ == State::kComplete && !payload.empty() && !unit_start && video_) {
    // More than the length told: some multiplexers write the low 16 bits of a larger number.
    length_is_wrong_ = true;
    refuse();
  }
  if (state_ != State::kPayload) return;
  if (left_) payload = payload.first(std::min(payload.size(), *left_));
  assembler_->add(payload);
  if (!left_) return;
  *left_ -= payload.size();
  if (*left_ > 0) return;
  assembler_->end_pes();
  state_ = State::kComplete;
}

void PesReader::begin() {
  const bool cut = state_ == State::kHeader || (state_ == State::kPayload && left_);
  if (cut) refuse();
  state_ = State::kHeader;
  header_size_ = 0;
}

// Gathers the header, which may be spread over packets; returns what is behind it.
ByteView PesReader::read_header(ByteView payload) {
  while (!payload.empty()) {
    size_t want = 9;
    if (header_size_ >= 9) want += header_[8];
    const size_t n = std::min(want - header_size_, payload.size());
    std::copy_n(payload.begin(), n, header_.begin() + static_cast<ptrdiff_t>(header_size_));
    header_size_ += n;
    payload = payload.subspan(n);
    if (header_size_ >= 9 && header_size_ == size_t{9} + header_[8]) {
      parse_header();
      break;
    }
  }
  return payload;
}

void PesReader::parse_header() {
  if (header_[0] != 0 || header_[1] != 0 || header_[2] != 1) return refuse();
  if (!has_extension(header_[3])) {
    state_ = State::kIdle;
    return;
  }
  if ((header_[6] & 0xc0) != 0x80) return refuse();
  if (header_[6] & 0x30) {
    ++stats_.scrambled;
    return lose();
  }
  const size_t length = static_cast<size_t>(header_[4] << 8 | header_[5]), behind = size_t{3} + header_[8];
  left_.reset();
  if (length != 0 && !length_is_wrong_) {
    if (length < behind) return refuse();
    left_ = length - behind;
  }
  assembler_->begin_pes(read_times(), left_);
  state_ = State::kPayload;
}

std::optional<Timestamps> PesReader::read_times() {
  const bool has_pts = header_[7] & 0x80, has_dts = has_pts && header_[7] & 0x40;
  if (!has_pts || header_[8] < (has_dts ? 10 : 5)) return std::nullopt;
  const auto pts = read_timestamp(&header_[9]);
  const auto dts = has_dts ? read_timestamp(&header_[14]) : pts;
  if (!pts || !dts) {
    ++stats_.broken_pes;
    return std::nullopt;
  }
  Timestamps time;
  time.dts = clock_.unwrap(*dts);
  time.pts = time.dts + Ticks(ProgramClock::difference(*pts, *dts));
  return time;
}

void PesReader::refuse() {
  ++stats_.broken_pes;
  lose();
}

void PesReader::lose() {
  assembler_->lose();
  state_ = State::kIdle;
}

void PesReader::flush() {
  if (state_ == State::kHeader || (state_ == State::kPayload && left_)) refuse();
  assembler_->flush();
  state_ = State::kIdle;
}

}  // namespace m4f::ts
