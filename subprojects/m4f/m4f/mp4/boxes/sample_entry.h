// Sample descriptions (ISO/IEC 14496-12 8.5.2, 12.1.3, 12.2.3; 14496-14 6.7).
#pragma once

#include "m4f/mp4/boxes/box_io.h"

namespace m4f::mp4 {

// A box whose payload stands ready-made in Track::config: avcC, hvcC, av1C, vpcC, dac3, dec3, dOps.
struct ConfigBox {
  FourCc type = 0;
  Bytes payload;

  template <typename Io>
  void exchange(Io& io) {
    io.rest(payload);
  }
};

struct Pasp {
  static constexpr FourCc kType = fourcc("pasp");
  uint32_t h_spacing = 1, v_spacing = 1;

  template <typename Io>
  void exchange(Io& io) {
    io.u32(h_spacing);
    io.u32(v_spacing);
  }
};

// ISO/IEC 14496-1 7.2.6: ES_Descriptor, DecoderConfigDescriptor, DecoderSpecificInfo, SLConfigDescriptor.
struct Esds {
  static constexpr FourCc kType = fourcc("esds");
  static constexpr uint8_t kAac = 0x40, kMpeg2Audio = 0x69, kMpeg1Audio = 0x6b;
  uint8_t object_type = kAac;
  Bytes decoder_specific_info;  // empty: none is written

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0;
    io.full(version, flags);
    io.descriptor(0x03, [this](auto& es) {
      es.zeros(3);  // ES_ID: 0 in MP4 files; no dependency, URL or OCR stream
      es.descriptor(0x04, [this](auto& decoder) {
        decoder.u8(object_type);
        uint8_t stream_type = 0x05 << 2 | 1;  // AudioStream
        decoder.u8(stream_type);
        decoder.zeros(11);  // bufferSizeDB, maxBitrate, avgBitrate: not stated, they would change while live
        if (Io::kReading || !decoder_specific_info.empty())
          decoder.descriptor(0x05, [this](auto& info) { info.rest(decoder_specific_info); });
      });
      es.descriptor(0x06, [](auto& sl) {
        uint8_t predefined_mp4 = 0x02;
        sl.u8(predefined_mp4);
      });
    });
  }
};

struct VisualSampleEntry {
  FourCc type = 0;
  uint16_t width = 0, height = 0;
  ConfigBox config;
  std::optional<Pasp> pasp;

  template <typename Io>
  void exchange(Io& io) {
    io.zeros(6);
    uint16_t data_reference = 1;
    io.u16(data_reference);
    io.zeros(16);
    io.u16(width);
    io.u16(height);
    uint32_t resolution = 72 << 16;
    io.u32(resolution);
    io.u32(resolution);
    io.zeros(4);
    uint16_t frame_count = 1, depth = 24, colour_table = 0xffff;
    io.u16(frame_count);
    io.zeros(32);  // compressorname
    io.u16(depth);
    io.u16(colour_table);
    io.box(config);
    io.box(pasp);
  }
};

struct AudioSampleEntry {
  FourCc type = 0;
  uint16_t channels = 0;
  uint16_t sample_rate = 0;  // Hz; 0 where it does not fit: the decoder configuration says it
  std::optional<Esds> esds;  // mp4a
  std::optional<ConfigBox> config;

  template <typename Io>
  void exchange(Io& io) {
    io.zeros(6);
    uint16_t data_reference = 1;
    io.u16(data_reference);
    io.zeros(8);
    io.u16(channels);
    uint16_t sample_size = 16;
    io.u16(sample_size);
    io.zeros(4);
    io.u16(sample_rate);
    io.zeros(2);  // fraction of the rate
    io.box(esds);
    io.box(config);
  }
};

struct Stsd {
  static constexpr FourCc kType = fourcc("stsd");
  std::optional<VisualSampleEntry> visual;  // one of the two
  std::optional<AudioSampleEntry> audio;

  template <typename Io>
  void exchange(Io& io) {
    uint8_t version = 0;
    uint32_t flags = 0, count = 1;
    io.full(version, flags);
    io.u32(count);
    io.box(visual);
    io.box(audio);
  }
};

}  // namespace m4f::mp4
