// The boxes of a movie fragment (ISO/IEC 14496-12 8.8).
#pragma once

#include <span>

#include "m4f/mp4/boxes/box_io.h"

namespace m4f::mp4 {

struct Mfhd {
  static constexpr FourCc kType = fourcc("mfhd");
  uint32_t sequence_number = 0;

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.u32(sequence_number);
  }
};

struct Tfhd {
  static constexpr FourCc kType = fourcc("tfhd");
  static constexpr uint32_t kBaseDataOffset = 0x1, kDescriptionIndex = 0x2, kDefaultDuration = 0x8;
  static constexpr uint32_t kDefaultSize = 0x10, kDefaultFlags = 0x20, kDefaultBaseIsMoof = 0x20000;
  uint32_t flags = kDefaultBaseIsMoof;
  uint32_t track_id = 0;
  uint64_t base_data_offset = 0;
  uint32_t description_index = 1, default_duration = 0, default_size = 0, default_flags = 0;

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    io.full(version, flags);
    io.u32(track_id);
    if (flags & kBaseDataOffset) io.u64(base_data_offset);
    if (flags & kDescriptionIndex) io.u32(description_index);
    if (flags & kDefaultDuration) io.u32(default_duration);
    if (flags & kDefaultSize) io.u32(default_size);
    if (flags & kDefaultFlags) io.u32(default_flags);
  }
};

struct Tfdt {
  static constexpr FourCc kType = fourcc("tfdt");
  uint64_t time = 0;

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 1;
    uint32_t flags = 0;
    io.full(version, flags);
    io.u64(time);
  }
};

// Sample flags (8.8.3.1).
constexpr uint32_t kSyncSample = 0x02000000;     // depends on no other sample
constexpr uint32_t kNonSyncSample = 0x01010000;  // depends on others, is no sync sample

struct TrunSample {
  uint32_t duration = 0, size = 0, flags = 0;
  int32_t composition_offset = 0;
};

// `Samples` is a container of TrunSample: a span of samples that stand elsewhere (written), a vector (read).
template <typename Samples>
struct TrunOf {
  static constexpr FourCc kType = fourcc("trun");
  static constexpr uint32_t kDataOffset = 0x1, kFirstSampleFlags = 0x4, kDuration = 0x100, kSize = 0x200;
  static constexpr uint32_t kFlags = 0x400, kCompositionOffset = 0x800;
  uint32_t flags = kDataOffset | kDuration | kSize;
  int32_t data_offset = 0;
  uint32_t first_sample_flags = 0;
  Samples samples;

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 1;  // composition offsets are signed
    io.full(version, flags);
    uint32_t count = static_cast<uint32_t>(samples.size());
    io.u32(count);
    if (flags & kDataOffset) io.i32(data_offset);
    if (flags & kFirstSampleFlags) io.u32(first_sample_flags);
    if constexpr (Io::kReading) {
      if (!io.fits(count, sample_size())) return;
      samples.resize(count);
    }
    if (io.skips(count * sample_size())) return;
    for (TrunSample& s : samples) {
      if (flags & kDuration) io.u32(s.duration);
      if (flags & kSize) io.u32(s.size);
      if (flags & kFlags) io.u32(s.flags);
      if (flags & kCompositionOffset) io.i32(s.composition_offset);
    }
  }
  size_t sample_size() const {
    size_t n = 0;
    for (uint32_t field : {kDuration, kSize, kFlags, kCompositionOffset}) n += flags & field ? 4 : 0;
    return n;
  }
};

template <typename Samples>
struct TrafOf {
  static constexpr FourCc kType = fourcc("traf");
  Tfhd tfhd;
  Tfdt tfdt;
  TrunOf<Samples> trun;

  template <typename Io>
  void exchange(Io& io) {
    io.box(tfhd);
    io.box(tfdt);
    io.box(trun);
  }
};

template <typename Samples>
struct MoofOf {
  static constexpr FourCc kType = fourcc("moof");
  Mfhd mfhd;
  std::vector<TrafOf<Samples>> traf;

  template <typename Io>
  void exchange(Io& io) {
    io.box(mfhd);
    io.box(traf);
  }
};

using Moof = MoofOf<std::span<TrunSample>>;
using Traf = TrafOf<std::span<TrunSample>>;
using Trun = TrunOf<std::span<TrunSample>>;

}  // namespace m4f::mp4
