#include "m4f/ts/psi.h"

#include "m4f/codec/opus.h"
#include "m4f/ts/crc32.h"
#include "m4f/ts/layout.h"

namespace m4f::ts {
namespace {

constexpr uint16_t kPatPid = 0;
constexpr size_t kMaxProvider = 60, kMaxTitle = 90;  // bytes, so that an SDT is one packet

// A section with table_id_extension (2.4.4.11): header now, length and CRC when it is complete.
class Section {
 public:
  Section(uint8_t table_id, uint8_t flags, uint16_t extension) : flags_(flags) {
    w_.u8(table_id);
    w_.u16(0);
    w_.u16(extension);
    w_.u8(0xc1);  // version 0, current
    w_.u16(0);    // section 0 of 0
  }
  ByteWriter& out() { return w_; }
  Bytes& bytes() { return bytes_; }
  void set_version(uint32_t version) { bytes_[5] = static_cast<uint8_t>(0xc1 | (version & 31) << 1); }

  // Split into transport packets: a pointer_field first, 0xff last.
  Bytes packets(uint16_t pid) {
    const size_t length = bytes_.size() - 3 + 4;
    bytes_[1] = static_cast<uint8_t>(flags_ | length >> 8);
    bytes_[2] = static_cast<uint8_t>(length);
    w_.u32(crc32(bytes_));
    bytes_.insert(bytes_.begin(), 0);
    Bytes out;
    for (size_t at = 0; at < bytes_.size(); at += kPayloadSize) {
      const size_t n = std::min(kPayloadSize, bytes_.size() - at);
      out.insert(out.end(), {0x47, static_cast<uint8_t>((at == 0 ? 0x40 : 0) | pid >> 8),
                             static_cast<uint8_t>(pid), 0x10});
      out.insert(out.end(), bytes_.begin() + static_cast<ptrdiff_t>(at),
                 bytes_.begin() + static_cast<ptrdiff_t>(at + n));
      out.insert(out.end(), kPayloadSize - n, 0xff);
    }
    return out;
  }

 private:
  uint8_t flags_;
  Bytes bytes_;
  ByteWriter w_{bytes_};
};

uint8_t stream_type(const Track& track) {
  switch (track.codec) {
    case Codec::kH264:
      return 0x1b;
    case Codec::kH265:
      return 0x24;
    case Codec::kMpeg1Video:
      return 0x01;
    case Codec::kMpeg2Video:
      return 0x02;
    case Codec::kAac:
      return 0x0f;
    case Codec::kMpegAudio:
      return track.sample_rate != 0 && track.sample_rate < 32000 ? 0x04 : 0x03;
    case Codec::kAc3:
      return 0x81;
    case Codec::kEac3:
      return 0x87;
    default:
      return 0x06;
  }
}

std::string_view registration(Codec codec) {
  switch (codec) {
    case Codec::kH265:
      return "HEVC";
    case Codec::kAc3:
      return "AC-3";
    case Codec::kEac3:
      return "EAC3";
    case Codec::kOpus:
      return "Opus";
    default:
      return {};
  }
}

void write_descriptors(const Track& track, ByteWriter& out) {
  if (auto id = registration(track.codec); !id.empty()) {
    out.u8(0x05);
    out.u8(4);
    out.text(id);
  }
  if (track.codec == Codec::kOpus) {  // DVB extension descriptor: channel_config_code
    auto head = opus::parse_dops(track.config);
    const unsigned channels = head ? head->channels : track.channels;
    out.u8(0x7f);
    out.u8(2);
    out.u8(0x80);
    out.u8(channels >= 1 && channels <= 8 ? channels : 2);
  }
  if (track.language.size() == 3) {
    out.u8(0x0a);
    out.u8(4);
    out.text(track.language);
    out.u8(0);
  }
}

// UTF-8 text of EN 300 468 annex A, at most `limit` bytes, whole characters.
void write_text(std::string_view text, size_t limit, ByteWriter& out) {
  if (text.size() > limit) {
    while (limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xc0) == 0x80) --limit;
    text = text.substr(0, limit);
  }
  out.u8(text.size() + 1);
  out.u8(0x15);
  out.text(text);
}

}  // namespace

Bytes pat_packets(const Options& options, uint16_t pmt_pid) {
  Section section(0x00, 0xb0, options.transport_stream_id);
  section.out().u16(options.program);
  section.out().u16(0xe000 | pmt_pid);
  return section.packets(kPatPid);
}

Bytes pmt_packets(const Options& options, uint16_t pmt_pid, uint16_t pcr_pid,
                  const std::vector<PmtStream>& streams) {
  Section section(0x02, 0xb0, options.program);
  ByteWriter& out = section.out();
  out.u16(0xe000 | pcr_pid);
  out.u16(0xf000);
  Bytes info;
  for (const PmtStream& stream : streams) {
    info.clear();
    ByteWriter descriptors(info);
    write_descriptors(*stream.track, descriptors);
    out.u8(stream_type(*stream.track));
    out.u16(0xe000 | stream.pid);
    out.u16(0xf000 | info.size());
    out.bytes(info);
  }
  // The version follows from the content: another content has another version (31 of 32 times; readers that
  // compare the CRC see every change), and the same content keeps it over a discontinuity.
  section.set_version(crc32(section.bytes()));
  return section.packets(pmt_pid);
}

Bytes sdt_packets(const Options& options, uint16_t pid) {
  if (options.provider.empty() && options.title.empty()) return {};
  Section section(0x42, 0xf0, options.transport_stream_id);
  ByteWriter& out = section.out();
  out.u16(0xff01);  // original_network_id
  out.u8(0xff);
  out.u16(options.program);
  out.u8(0xfc);
  Bytes service;
  ByteWriter descriptor(service);
  descriptor.u8(0x01);  // digital television
  write_text(options.provider, kMaxProvider, descriptor);
  write_text(options.title, kMaxTitle, descriptor);
  out.u16(0x8000 | (service.size() + 2));  // running
  out.u8(0x48);
  out.u8(service.size());
  out.bytes(service);
  section.set_version(crc32(section.bytes()));
  return section.packets(pid);
}

void stamp_counters(std::span<uint8_t> packets, uint8_t times) {
  const size_t count = packets.size() / kPacketSize;
  for (size_t i = 0; i < count; ++i) {
    uint8_t& flags = packets[i * kPacketSize + 3];
    flags = static_cast<uint8_t>((flags & 0xf0) | ((times * count + i) & 15));
  }
}

}  // namespace m4f::ts
