#include "m4f/ts/psi_reader.h"

#include <algorithm>

namespace m4f::ts {
namespace {

constexpr uint32_t tag(const char (&t)[5]) {
  return static_cast<uint32_t>(t[0]) << 24 | static_cast<uint32_t>(t[1]) << 16 |
         static_cast<uint32_t>(t[2]) << 8 | static_cast<uint32_t>(t[3]);
}

// What the descriptors of a stream say that bears on what it is.
struct Hints {
  uint32_t registration = 0;
  bool ac3 = false, eac3 = false, dts = false, aac = false;
  bool teletext = false, subtitling = false, vbi = false, ait = false;
  uint8_t opus_channels = 0;
  std::string language;
};

std::string read_language(ByteView b) {
  std::string text;
  for (size_t i = 0; i < 3; ++i) {
    const char c = static_cast<char>(b[i] | 0x20);
    if (c < 'a' || c > 'z') return {};
    text += c;
  }
  return text == "und" ? std::string() : text;
}

Hints read_descriptors(ByteView in) {
  Hints hints;
  ByteReader reader(in);
  while (reader.ok() && reader.left() >= 2) {
    const uint8_t kind = reader.u8();
    const ByteView body = reader.bytes(reader.u8());
    switch (kind) {
      case 0x05:
        if (body.size() >= 4) hints.registration = ByteReader(body).u32();
        break;
      case 0x0a:
        if (body.size() >= 4 && hints.language.empty()) hints.language = read_language(body);
        break;
      case 0x45:
        hints.vbi = true;
        break;
      case 0x56:
        hints.teletext = true;
        break;
      case 0x59:
        hints.subtitling = true;
        break;
      case 0x6a:
        hints.ac3 = true;
        break;
      case 0x6f:
        hints.ait = true;
        break;
      case 0x7a:
        hints.eac3 = true;
        break;
      case 0x7b:
        hints.dts = true;
        break;
      case 0x7c:
        hints.aac = true;
        break;
      case 0x7f:
        if (body.size() >= 2 && body[0] == 0x80) hints.opus_channels = body[1];
        break;
      default:
        break;
    }
  }
  return hints;
}

// Private data (stream_type 0x06) is what its descriptors say (EN 300 468 annex D, registrations).
void name_private(const Hints& hints, PmtEntry& entry) {
  if (hints.registration == tag("Opus")) {
    if (hints.opus_channels >= 1 && hints.opus_channels <= 8) {
      entry.codec = Codec::kOpus;
      entry.opus_channels = hints.opus_channels;
    } else {
      entry.what = "Opus with an unusual channel layout";
    }
  } else if (hints.ac3 || hints.registration == tag("AC-3")) {
    entry.codec = Codec::kAc3;
  } else if (hints.eac3 || hints.registration == tag("EAC3")) {
    entry.codec = Codec::kEac3;
  } else if (hints.registration == tag("HEVC")) {
    entry.codec = Codec::kH265;
  } else if (hints.registration == tag("AV01")) {
    entry.what = "AV1 in MPEG-TS";
  } else if (hints.registration == tag("BSSD")) {
    entry.what = "SMPTE 302M audio";
  } else if (hints.registration == tag("KLVA")) {
    entry.what = "KLV metadata";
  } else if (hints.registration == tag("CUEI")) {
    entry.what = "SCTE-35";
  } else if (hints.dts) {
    entry.what = "DTS audio";
  } else if (hints.aac) {
    entry.what = "AAC in LATM";
  } else if (hints.subtitling) {
    entry.what = "DVB subtitles";
  } else if (hints.teletext) {
    entry.what = "teletext";
  } else if (hints.vbi) {
    entry.what = "VBI data";
  } else {
    entry.what = "private data";
  }
}

std::string other_name(uint8_t type, const Hints& hints) {
  switch (type) {
    case 0x05:
      return hints.ait ? "HbbTV application table" : "private sections";
    case 0x08:
    case 0x0a:
    case 0x0b:
    case 0x0c:
    case 0x0d:
      return "DSM-CC data carousel";
    case 0x10:
      return "MPEG-4 part 2 video";
    case 0x11:
      return "AAC in LATM";
    case 0x15:
      return "timed metadata (ID3)";
    case 0x1c:
      return "MPEG-4 audio without transport syntax";
    case 0x1f:
    case 0x20:
      return "H.264 extension layer";
    case 0x21:
      return "JPEG 2000 video";
    case 0x33:
      return "H.266 video";
    case 0x42:
      return "AVS video";
    case 0x82:
    case 0x85:
    case 0x8a:
      return "DTS audio";
    case 0x83:
      return "TrueHD audio";
    case 0x86:
      return "SCTE-35";
    case 0x90:
      return "PGS subtitles";
    case 0xea:
      return "VC-1 video";
    default:
      return "unknown stream type";
  }
}

PmtEntry describe(uint16_t pid, uint8_t type, ByteView descriptors) {
  Hints hints = read_descriptors(descriptors);
  PmtEntry entry;
  entry.pid = pid;
  entry.stream_type = type;
  switch (type) {
    case 0x01:
      entry.codec = Codec::kMpeg1Video;
      break;
    case 0x02:
      entry.codec = Codec::kMpeg2Video;
      break;
    case 0x03:
    case 0x04:
      entry.codec = Codec::kMpegAudio;
      break;
    case 0x06:
      name_private(hints, entry);
      break;
    case 0x0f:
      entry.codec = Codec::kAac;
      break;
    case 0x1b:
      entry.codec = Codec::kH264;
      break;
    case 0x24:
      entry.codec = Codec::kH265;
      break;
    case 0x81:
      entry.codec = hints.eac3 ? Codec::kEac3 : Codec::kAc3;
      break;
    case 0x84:
    case 0x87:
      entry.codec = Codec::kEac3;
      break;
    default:
      entry.what = other_name(type, hints);
  }
  entry.language = std::move(hints.language);
  return entry;
}

// The body of a current section with the table_id, between the header and the CRC; nothing for another one.
std::optional<ByteView> body_of(ByteView section, uint8_t table_id) {
  if (section.size() < 12 || section[0] != table_id || !(section[1] & 0x80) || !(section[5] & 1))
    return std::nullopt;
  return section.subspan(8, section.size() - 12);
}

}  // namespace

std::optional<std::vector<PatEntry>> parse_pat(ByteView section) {
  auto body = body_of(section, 0x00);
  if (!body) return std::nullopt;
  std::vector<PatEntry> programs;
  ByteReader in(*body);
  while (in.left() >= 4) {
    const uint16_t program = in.u16();
    const uint16_t pid = in.u16() & 0x1fff;
    if (program != 0) programs.push_back({program, pid});
  }
  return programs;
}

std::optional<Pmt> parse_pmt(ByteView section) {
  auto body = body_of(section, 0x02);
  if (!body) return std::nullopt;
  Pmt pmt;
  pmt.program = static_cast<uint16_t>(section[3] << 8 | section[4]);
  ByteReader in(*body);
  pmt.pcr_pid = in.u16() & 0x1fff;
  in.skip(in.u16() & 0x0fff);
  while (in.ok() && in.left() >= 5) {
    const uint8_t type = in.u8();
    const uint16_t pid = in.u16() & 0x1fff;
    const ByteView descriptors = in.bytes(in.u16() & 0x0fff);
    if (in.ok()) pmt.streams.push_back(describe(pid, type, descriptors));
  }
  return pmt;
}

}  // namespace m4f::ts
