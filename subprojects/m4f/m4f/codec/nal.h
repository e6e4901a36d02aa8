// NAL units of H.264 and H.265 in both framings (Annex B start codes, length prefixes), and the bits inside
// them. Nothing here allocates; every view points into the input.
#pragma once

#include <optional>

#include "m4f/base/bytes.h"

namespace m4f {

// Position of the next 00 00 01 at or after `from`; in.size() if there is none.
size_t find_start_code(ByteView in, size_t from = 0);

// Whether `in` begins with 00 00 01 or 00 00 00 01 (more leading zero bytes are allowed).
bool begins_with_start_code(ByteView in);

// The NAL units of a byte stream, without start codes and trailing zero bytes (H.264 Annex B). Bytes before
// the first start code are skipped; empty units too. The last unit is taken to reach to the end of the input.
class AnnexBReader {
 public:
  explicit AnnexBReader(ByteView in);
  bool next(ByteView& nal);

 private:
  ByteView in_;
  size_t at_;
};

// The NAL units of an MP4-style sample. A length that does not fit ends the reading and makes ok() false.
// Empty units are skipped.
class LengthPrefixedReader {
 public:
  // REQUIRES: 1 <= length_size <= 4.
  LengthPrefixedReader(ByteView in, unsigned length_size) : in_(in), length_size_(length_size) {}
  bool next(ByteView& nal);
  bool ok() const { return ok_; }

 private:
  ByteView in_;
  size_t at_ = 0;
  unsigned length_size_;
  bool ok_ = true;
};

// Reads the bits of a payload; with `escaped`, steps over emulation prevention bytes (00 00 03). Past the end
// every read gives zero and ok() is false.
class BitReader {
 public:
  explicit BitReader(ByteView in, bool escaped = false) : in_(in), escaped_(escaped) {}

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }  // for a value that its format forbids
  uint32_t bits(unsigned n);    // n <= 32
  uint64_t bits64(unsigned n);  // n <= 64
  bool flag() { return bits(1) != 0; }
  void skip(size_t n);
  uint32_t ue();  // Exp-Golomb (H.264 9.1); more than 32 leading zeros make ok() false
  int32_t se();
  size_t bit_position() const { return at_ * 8 + used_; }  // in the input as given
  size_t bits_left() const;                                // an upper bound where bytes are escaped
  bool more_rbsp_data() const;                             // H.264 7.2

 private:
  bool load();

  ByteView in_;
  bool escaped_;
  size_t at_ = 0;       // byte the next bit comes from
  unsigned used_ = 0;   // bits of it that were read
  unsigned zeros_ = 0;  // zero bytes directly before at_
  bool ok_ = true;
};

}  // namespace m4f
