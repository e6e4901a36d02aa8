// For the tests of this folder: the clips in testdata/codec and their access units.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "m4f/codec/audio_frames.h"
#include "m4f/codec/h264.h"
#include "m4f/codec/h265.h"

namespace m4f {

inline Bytes read_clip(const std::string& name) {
  std::ifstream file(std::filesystem::path(M4F_TEST_DATA) / "codec" / name, std::ios::binary);
  return Bytes{std::istreambuf_iterator<char>(file), {}};
}

// Access units of a byte stream, each with its start codes.
inline std::vector<ByteView> split_byte_stream(ByteView in, bool h265) {
  std::vector<size_t> starts;
  bool slices = false;
  for (size_t at = find_start_code(in); at < in.size(); at = find_start_code(in, at + 3)) {
    const ByteView nal = in.subspan(at + 3);
    const bool begins = h265 ? h265::begins_access_unit(nal, slices) : h264::begins_access_unit(nal, slices);
    if (starts.empty() || begins) {
      starts.push_back(at);
      slices = false;
    }
    slices = slices || (h265 ? h265::is_slice(h265::nal_type(nal)) : h264::is_slice(h264::nal_type(nal)));
  }
  std::vector<ByteView> out;
  for (size_t i = 0; i < starts.size(); ++i)
    out.push_back(in.subspan(starts[i], (i + 1 < starts.size() ? starts[i + 1] : in.size()) - starts[i]));
  return out;
}

inline std::vector<ByteView> split_audio(Codec codec, ByteView in) {
  std::vector<ByteView> out;
  for (;;) {
    const AudioFrame frame = next_audio_frame(codec, in, true);
    if (frame.size == 0) return out;
    out.push_back(in.subspan(frame.skip, frame.size));
    in = in.subspan(frame.skip + frame.size);
  }
}

// Pictures of an MPEG-1/2 video stream, each with the headers before it.
inline std::vector<ByteView> split_mpeg_video(ByteView in) {
  std::vector<size_t> starts;
  bool slices = false;
  for (size_t at = find_start_code(in); at + 3 < in.size(); at = find_start_code(in, at + 3)) {
    const uint8_t code = in[at + 3];
    const bool slice = code >= 1 && code <= 0xaf;
    if (starts.empty() || (slices && !slice && code != 0xb7)) {
      starts.push_back(at);
      slices = false;
    }
    slices = slices || slice;
  }
  std::vector<ByteView> out;
  for (size_t i = 0; i < starts.size(); ++i)
    out.push_back(in.subspan(starts[i], (i + 1 < starts.size() ? starts[i + 1] : in.size()) - starts[i]));
  return out;
}

// Frames of an IVF file.
inline std::vector<ByteView> split_ivf(ByteView in) {
  std::vector<ByteView> out;
  for (in = in.subspan(32); in.size() >= 12;) {
    const size_t size = in[0] | in[1] << 8 | in[2] << 16;
    out.push_back(in.subspan(12, size));
    in = in.subspan(12 + size);
  }
  return out;
}

inline Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

inline std::string to_hex(ByteView bytes) {
  std::string out;
  for (uint8_t b : bytes) out += fmt::format("{:02x}", b);
  return out;
}

}  // namespace m4f
