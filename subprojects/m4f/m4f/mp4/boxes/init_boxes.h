// The boxes of an init segment (ISO/IEC 14496-12), as far as a fragmented file needs them.
#pragma once

#include "m4f/mp4/boxes/sample_entry.h"

namespace m4f::mp4 {

struct Ftyp {
  static constexpr FourCc kType = fourcc("ftyp");
  FourCc major_brand = 0;
  uint32_t minor_version = 0;
  std::vector<FourCc> compatible_brands;

  template <typename Io>
  void exchange(Io& io) {
    io.u32(major_brand);
    io.u32(minor_version);
    if constexpr (Io::kReading) compatible_brands.resize(io.left() / 4);
    for (FourCc& brand : compatible_brands) io.u32(brand);
  }
};

// The unity matrix of mvhd and tkhd (6.2.2).
template <typename Io>
void exchange_matrix(Io& io) {
  for (uint32_t v : {0x10000u, 0u, 0u, 0u, 0x10000u, 0u, 0u, 0u, 0x40000000u}) io.u32(v);
}

struct Mvhd {
  static constexpr FourCc kType = fourcc("mvhd");
  uint32_t timescale = 0, next_track_id = 1;

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.zeros(8);  // creation and modification time
    io.u32(timescale);
    io.zeros(4);  // duration: unknown, it is in fragments
    uint32_t rate = 0x10000;
    uint16_t volume = 0x100;
    io.u32(rate);
    io.u16(volume);
    io.zeros(10);
    exchange_matrix(io);
    io.zeros(24);
    io.u32(next_track_id);
  }
};

struct Tkhd {
  static constexpr FourCc kType = fourcc("tkhd");
  uint32_t track_id = 0;
  uint16_t volume = 0;             // 8.8
  uint32_t width = 0, height = 0;  // of the presentation, 16.16

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 3;  // enabled, in movie
    io.full(version, flags);
    io.zeros(8);
    io.u32(track_id);
    io.zeros(4 + 4 + 8 + 2 + 2);  // reserved, duration, reserved, layer, alternate group
    io.u16(volume);
    io.zeros(2);
    exchange_matrix(io);
    io.u32(width);
    io.u32(height);
  }
};

struct Mdhd {
  static constexpr FourCc kType = fourcc("mdhd");
  uint32_t timescale = 0;
  uint16_t language = 0;  // three letters of five bits, as letter - 0x60

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.zeros(8);
    io.u32(timescale);
    io.zeros(4);
    io.u16(language);
    io.zeros(2);
  }
};

struct Hdlr {
  static constexpr FourCc kType = fourcc("hdlr");
  FourCc handler = 0;
  Bytes name;  // zero-terminated

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.zeros(4);
    io.u32(handler);
    io.zeros(12);
    io.rest(name);
  }
};

struct Vmhd {
  static constexpr FourCc kType = fourcc("vmhd");
  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 1;  // 12.1.2.2
    io.full(version, flags);
    io.zeros(8);
  }
};

struct Smhd {
  static constexpr FourCc kType = fourcc("smhd");
  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.zeros(4);
  }
};

// The data stands in this file: no address.
struct Url {
  static constexpr FourCc kType = fourcc("url ");
  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 1;
    io.full(version, flags);
  }
};

struct Dref {
  static constexpr FourCc kType = fourcc("dref");
  Url url;
  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0, count = 1;
    io.full(version, flags);
    io.u32(count);
    io.box(url);
  }
};

struct Dinf {
  static constexpr FourCc kType = fourcc("dinf");
  Dref dref;
  template <typename Io>
  void exchange(Io& io) {
    io.box(dref);
  }
};

// The sample tables must be there, and are empty: samples are in fragments.
template <FourCc type, size_t counts>
struct EmptyTable {
  static constexpr FourCc kType = type;
  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.zeros(4 * counts);
  }
};
using Stts = EmptyTable<fourcc("stts"), 1>;
using Stsc = EmptyTable<fourcc("stsc"), 1>;
using Stsz = EmptyTable<fourcc("stsz"), 2>;
using Stco = EmptyTable<fourcc("stco"), 1>;

struct Stbl {
  static constexpr FourCc kType = fourcc("stbl");
  Stsd stsd;
  Stts stts;
  Stsc stsc;
  Stsz stsz;
  Stco stco;
  template <typename Io>
  void exchange(Io& io) {
    io.box(stsd);
    io.box(stts);
    io.box(stsc);
    io.box(stsz);
    io.box(stco);
  }
};

struct Minf {
  static constexpr FourCc kType = fourcc("minf");
  std::optional<Vmhd> vmhd;
  std::optional<Smhd> smhd;
  Dinf dinf;
  Stbl stbl;
  template <typename Io>
  void exchange(Io& io) {
    io.box(vmhd);
    io.box(smhd);
    io.box(dinf);
    io.box(stbl);
  }
};

struct Mdia {
  static constexpr FourCc kType = fourcc("mdia");
  Mdhd mdhd;
  Hdlr hdlr;
  Minf minf;
  template <typename Io>
  void exchange(Io& io) {
    io.box(mdhd);
    io.box(hdlr);
    io.box(minf);
  }
};

struct Trak {
  static constexpr FourCc kType = fourcc("trak");
  Tkhd tkhd;
  Mdia mdia;
  template <typename Io>
  void exchange(Io& io) {
    io.box(tkhd);
    io.box(mdia);
  }
};

struct Trex {
  static constexpr FourCc kType = fourcc("trex");
  uint32_t track_id = 0;
  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0, description_index = 1;
    io.full(version, flags);
    io.u32(track_id);
    io.u32(description_index);
    io.zeros(12);  // default duration, size, flags: every fragment states its own
  }
};

struct Mvex {
  static constexpr FourCc kType = fourcc("mvex");
  std::vector<Trex> trex;
  template <typename Io>
  void exchange(Io& io) {
    io.box(trex);
  }
};

struct Moov {
  static constexpr FourCc kType = fourcc("moov");
  Mvhd mvhd;
  std::vector<Trak> trak;
  Mvex mvex;
  template <typename Io>
  void exchange(Io& io) {
    io.box(mvhd);
    io.box(trak);
    io.box(mvex);
  }
};

}  // namespace m4f::mp4
