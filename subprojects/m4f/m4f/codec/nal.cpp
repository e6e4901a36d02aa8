#include "m4f/codec/nal.h"

#include <algorithm>
#include <cassert>

namespace m4f {

// Looks for the 01 with memchr, which the C library vectorises: a 01 after two zeros is rare in coded data.
size_t find_start_code(ByteView in, size_t from) {
  if (in.size() < 3 || from > in.size() - 3) return in.size();
  const uint8_t* at = in.data() + from + 2;
  const uint8_t* const end = in.data() + in.size();
  while (at < end) {
    at = static_cast<const uint8_t*>(std::memchr(at, 1, static_cast<size_t>(end - at)));
    if (!at) break;
    if (at[-1] == 0 && at[-2] == 0) return static_cast<size_t>(at - 2 - in.data());
    ++at;
  }
  return in.size();
}

bool begins_with_start_code(ByteView in) {
  const auto first = std::find_if(in.begin(), in.end(), [](uint8_t b) { return b != 0; });
  return first != in.end() && *first == 1 && first - in.begin() >= 2;
}

AnnexBReader::AnnexBReader(ByteView in) : in_(in), at_(find_start_code(in)) {}

bool AnnexBReader::next(ByteView& nal) {
  while (at_ < in_.size()) {
    const size_t begin = at_ + 3;
    const size_t following = find_start_code(in_, begin);
    size_t end = following;
    while (end > begin && in_[end - 1] == 0) --end;
    at_ = following;
    if (end > begin) {
      nal = in_.subspan(begin, end - begin);
      return true;
    }
  }
  return false;
}

bool LengthPrefixedReader::next(ByteView& nal) {
  while (ok_ && at_ < in_.size()) {
    ByteReader reader(in_.subspan(at_));
    size_t size = 0;
    for (unsigned i = 0; i < length_size_; ++i) size = size << 8 | reader.u8();
    nal = reader.bytes(size);
    ok_ = reader.ok();
    if (!ok_) return false;
    at_ += length_size_ + size;
    if (!nal.empty()) return true;
  }
  return false;
}

bool BitReader::load() {
  if (used_ == 0 && escaped_ && zeros_ >= 2 && at_ < in_.size() && in_[at_] == 3) {
    ++at_;
    zeros_ = 0;
  }
  if (at_ >= in_.size()) ok_ = false;
  return ok_;
}

uint64_t BitReader::bits64(unsigned n) {
  assert(n <= 64);
  uint64_t value = 0;
  while (n > 0) {
    if (!load()) return 0;
    const unsigned take = std::min(n, 8 - used_);
    value = value << take | ((in_[at_] >> (8 - used_ - take)) & ((1u << take) - 1));
    used_ += take;
    n -= take;
    if (used_ == 8) {
      zeros_ = in_[at_] == 0 ? zeros_ + 1 : 0;
      ++at_;
      used_ = 0;
    }
  }
  return value;
}

uint32_t BitReader::bits(unsigned n) {
  assert(n <= 32);
  return static_cast<uint32_t>(bits64(n));
}

void BitReader::skip(size_t n) {
  while (ok_ && n > 0) {
    const unsigned step = static_cast<unsigned>(std::min<size_t>(n, 64));
    bits64(step);
    n -= step;
  }
}

uint32_t BitReader::ue() {
  unsigned zeros = 0;
  while (ok_ && !flag())
    if (++zeros > 32) ok_ = false;
  if (!ok_ || zeros == 0) return 0;
  const uint64_t value = (uint64_t{1} << zeros) - 1 + bits64(zeros);
  if (value > UINT32_MAX) ok_ = false;
  return ok_ ? static_cast<uint32_t>(value) : 0;
}

int32_t BitReader::se() {
  const int64_t value = ue();
  return static_cast<int32_t>(value & 1 ? (value + 1) / 2 : -(value / 2));
}

size_t BitReader::bits_left() const {
  return ok_ ? (in_.size() - at_) * 8 - used_ : 0;
}

bool BitReader::more_rbsp_data() const {
  if (!ok_) return false;
  size_t last = in_.size();
  while (last > 0 && in_[last - 1] == 0) --last;
  if (last == 0) return false;
  unsigned trailing_zeros = 0;
  while (!(in_[last - 1] >> trailing_zeros & 1)) ++trailing_zeros;
  const size_t stop_bit = (last - 1) * 8 + (7 - trailing_zeros);
  return bit_position() < stop_bit;
}

}  // namespace m4f
