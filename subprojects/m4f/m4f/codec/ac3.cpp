#include "m4f/codec/ac3.h"

#include "m4f/codec/nal.h"

namespace m4f::ac3 {
namespace {

constexpr uint32_t kRates[3] = {48000, 44100, 32000};
constexpr uint8_t kChannels[8] = {2, 1, 2, 3, 3, 4, 4, 5};

Result<Header> parse_ac3(BitReader& in) {  // ETSI TS 102 366 4.3
  static constexpr uint16_t kKbits[19] = {32,  40,  48,  56,  64,  80,  96,  112, 128, 160,
                                          192, 224, 256, 320, 384, 448, 512, 576, 640};
  Header h;
  in.skip(16);
  h.fscod = static_cast<uint8_t>(in.bits(2));
  const uint32_t size_code = in.bits(6);
  h.bsid = static_cast<uint8_t>(in.bits(5));
  h.bsmod = static_cast<uint8_t>(in.bits(3));
  h.acmod = static_cast<uint8_t>(in.bits(3));
  if ((h.acmod & 1) && h.acmod != 1) in.skip(2);
  if (h.acmod & 4) in.skip(2);
  if (h.acmod == 2) in.skip(2);
  h.lfe = in.flag();
  if (h.fscod == 3 || size_code >= 38) return error(Errc::kInvalid, "reserved AC-3 header");
  h.bit_rate_code = static_cast<uint8_t>(size_code >> 1);
  const uint32_t kbits = kKbits[h.bit_rate_code], rate = kRates[h.fscod];
  // Table 4.13: bytes of 1536 samples; at 44.1 kHz the odd codes hold one word more.
  h.frame_size = h.fscod == 1 ? (kbits * 96000 / 44100 + (size_code & 1)) * 2 : kbits * 192000 / rate;
  h.sample_rate = rate >> (h.bsid > 8 ? h.bsid - 8 : 0);
  return h;
}

Result<Header> parse_eac3(BitReader& in) {  // E.1.2
  Header h;
  h.eac3 = true;
  h.stream_type = static_cast<uint8_t>(in.bits(2));
  h.substream = static_cast<uint8_t>(in.bits(3));
  h.frame_size = (in.bits(11) + 1) * 2;
  h.fscod = static_cast<uint8_t>(in.bits(2));
  const uint32_t second = in.bits(2);  // numblkscod or fscod2
  h.acmod = static_cast<uint8_t>(in.bits(3));
  h.lfe = in.flag();
  h.bsid = static_cast<uint8_t>(in.bits(5));
  if (h.stream_type == 3 || (h.fscod == 3 && second == 3))
    return error(Errc::kInvalid, "reserved E-AC-3 header");
  static constexpr uint32_t kBlocks[4] = {1, 2, 3, 6};
  h.sample_rate = h.fscod == 3 ? kRates[second] / 2 : kRates[h.fscod];
  h.samples = 256 * (h.fscod == 3 ? 6 : kBlocks[second]);
  if (h.stream_type == 1) {
    for (int programme = 0; programme < (h.acmod == 0 ? 2 : 1); ++programme) {
      in.skip(5);
      if (in.flag()) in.skip(8);
    }
    if (in.flag()) {  // chanmap: L first; from Lc/Rc on in the order of chan_loc, which counts from its
                      // lowest bit
      const uint32_t map = in.bits(16);
      for (unsigned i = 0; i < 8; ++i)
        if (map >> (10 - i) & 1) h.chan_loc = static_cast<uint16_t>(h.chan_loc | 1u << i);
      if (map & 2) h.chan_loc |= 0x100;  // LFE2
    }
  }
  return h;
}

}  // namespace

Result<Header> parse_header(ByteView bytes) {
  if (bytes.size() < 8)
    return error(Errc::kTruncated, "an AC-3 header has 8 bytes, {} are there", bytes.size());
  if (bytes[0] != 0x0b || bytes[1] != 0x77) return error(Errc::kInvalid, "no AC-3 sync word");
  const unsigned bsid = bytes[5] >> 3;
  if (bsid > 16) return error(Errc::kUnsupported, "AC-3 bitstream version {}", bsid);
  BitReader in(bytes.subspan(2));
  auto header = bsid <= 10 ? parse_ac3(in) : parse_eac3(in);
  if (header) header->channels = kChannels[header->acmod] + (header->lfe ? 1u : 0u);
  return header;
}

Bytes make_dac3(const Header& h) {  // F.4
  const uint32_t bits = static_cast<uint32_t>(h.fscod) << 22 | static_cast<uint32_t>(h.bsid) << 17 |
                        static_cast<uint32_t>(h.bsmod) << 14 | static_cast<uint32_t>(h.acmod) << 11 |
                        static_cast<uint32_t>(h.lfe) << 10 | static_cast<uint32_t>(h.bit_rate_code) << 5;
  Bytes out;
  ByteWriter(out).u24(bits);
  return out;
}

Bytes make_dec3(const Header& h, uint32_t bitrate, uint8_t dependent, uint16_t chan_loc) {  // F.6
  const uint32_t kbits = bitrate / 1000;
  Bytes out;
  ByteWriter w(out);
  w.u16((kbits > 0x1fff ? 0x1fff : kbits) << 3);  // one independent substream
  w.u8(static_cast<uint32_t>(h.fscod) << 6 | static_cast<uint32_t>(h.bsid) << 1);
  w.u8(static_cast<uint32_t>(h.bsmod & 7) << 4 | static_cast<uint32_t>(h.acmod) << 1 | (h.lfe ? 1u : 0u));
  w.u8(static_cast<uint32_t>(dependent & 15) << 1 | (dependent > 0 ? chan_loc >> 8 & 1u : 0u));
  if (dependent > 0) w.u8(chan_loc & 0xffu);
  return out;
}

}  // namespace m4f::ac3
