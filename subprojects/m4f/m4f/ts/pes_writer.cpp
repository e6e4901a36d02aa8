#include "m4f/ts/pes_writer.h"

#include <algorithm>
#include <cstring>

namespace m4f::ts {
namespace {

void put_timestamp(uint8_t* at, unsigned marker, Ticks time) {
  const uint64_t t = static_cast<uint64_t>(time.count) & kClockMask;
  at[0] = static_cast<uint8_t>(marker << 4 | (t >> 29 & 0x0e) | 1);
  at[1] = static_cast<uint8_t>(t >> 22);
  at[2] = static_cast<uint8_t>((t >> 14 & 0xfe) | 1);
  at[3] = static_cast<uint8_t>(t >> 7);
  at[4] = static_cast<uint8_t>((t << 1 & 0xfe) | 1);
}

// program_clock_reference (2.4.3.5) of a 27 MHz clock.
void put_clock(uint8_t* at, int64_t clock) {
  const uint64_t base = static_cast<uint64_t>(clock / 300) & kClockMask;
  const auto extension = static_cast<unsigned>(clock % 300);
  at[0] = static_cast<uint8_t>(base >> 25);
  at[1] = static_cast<uint8_t>(base >> 17);
  at[2] = static_cast<uint8_t>(base >> 9);
  at[3] = static_cast<uint8_t>(base >> 1);
  at[4] = static_cast<uint8_t>((base << 7 & 0x80) | 0x7e | extension >> 8);
  at[5] = static_cast<uint8_t>(extension);
}

// Adaptation field without stuffing (2.4.3.4); its length is set when the stuffing is known.
void write_adaptation(const PesStream& stream, const Frame& frame, bool discontinuity, Bytes& out) {
  const size_t size = stream.layout.adaptation_size(frame.key, stream.pcr);
  if (size == 0) return;
  out.push_back(static_cast<uint8_t>(size - 1));
  out.push_back(
      static_cast<uint8_t>((discontinuity ? 0x80 : 0) | (frame.key ? 0x40 : 0) | (stream.pcr ? 0x10 : 0)));
  if (!stream.pcr) return;
  uint8_t field[6];
  put_clock(field, clock_before(frame.dts));
  out.insert(out.end(), std::begin(field), std::end(field));
}

// `elementary` = bytes after the PES header. The length is told wherever 16 bits hold it, so that a receiver
// knows the frame to be whole without waiting for the next one.
void write_pes_header(const PesStream& stream, const Frame& frame, size_t elementary, Bytes& out) {
  const size_t size = TrackLayout::pes_header_size(frame);
  const size_t length = size - 6 + elementary;
  uint8_t header[19] = {0, 0, 1, stream.layout.stream_id(), 0, 0, 0x84};  // data_alignment_indicator
  if (length <= 0xffff) {
    header[4] = static_cast<uint8_t>(length >> 8);
    header[5] = static_cast<uint8_t>(length);
  }
  header[8] = static_cast<uint8_t>(size - 9);
  if (size == 19) {
    header[7] = 0xc0;
    put_timestamp(header + 9, 3, frame.pts());
    put_timestamp(header + 14, 1, frame.dts);
  } else {
    header[7] = 0x80;
    put_timestamp(header + 9, 2, frame.pts());
  }
  out.insert(out.end(), header, header + size);
}

// The transport packets of one PES packet: `head` (adaptation field of `adaptation` bytes, PES header, what
// precedes the payload), then `data`; `stuffing` bytes in the last one.
class PesWriter {
 public:
  PesWriter(uint16_t pid, uint8_t counter, ByteView head, size_t adaptation, ByteView data, size_t stuffing)
      : pid_(pid),
        counter_(counter),
        head_(head),
        adaptation_(adaptation),
        data_(data),
        stuffing_(stuffing) {}

  uint8_t counter() const { return counter_; }
  bool head_written() const { return head_.empty(); }

  // One packet at `p`; returns the place of the next one.
  uint8_t* write(uint8_t* p, bool first, bool last) {
    write_header(p, first);
    uint8_t* const flags = p + 3;
    uint8_t* at = p + 4;
    const bool field = first && adaptation_ != 0;
    if (field) {
      *flags |= 0x20;
      at = take(head_, adaptation_, at);
    }
    if (last && stuffing_ != 0) {
      size_t fill = stuffing_;
      if (field) {
        p[4] = static_cast<uint8_t>(p[4] + fill);
      } else {  // an adaptation field of its own: its length, no flags, stuffing
        *flags |= 0x20;
        *at++ = static_cast<uint8_t>(--fill);
        if (fill != 0) {
          *at++ = 0;
          --fill;
        }
      }
      std::memset(at, 0xff, fill);
      at += fill;
    }
    uint8_t* const end = p + kPacketSize;
    at = take(head_, std::min(head_.size(), static_cast<size_t>(end - at)), at);
    return take(data_, static_cast<size_t>(end - at), at);
  }

  // `count` packets that are full of data. REQUIRES: head_written().
  uint8_t* write_middle(uint8_t* p, size_t count) {
    const uint8_t* from = data_.data();
    for (size_t i = 0; i < count; ++i, p += kPacketSize, from += kPayloadSize) {
      write_header(p, false);
      std::memcpy(p + 4, from, kPayloadSize);
    }
    data_ = data_.subspan(count * kPayloadSize);
    return p;
  }

 private:
  void write_header(uint8_t* p, bool first) {
    const uint8_t header[4] = {0x47, static_cast<uint8_t>((first ? 0x40 : 0) | pid_ >> 8),
                               static_cast<uint8_t>(pid_), static_cast<uint8_t>(0x10 | counter_)};
    std::memcpy(p, header, sizeof header);
    counter_ = (counter_ + 1) & 15;
  }
  static uint8_t* take(ByteView& from, size_t n, uint8_t* to) {
    if (n != 0) std::memcpy(to, from.data(), n);
    from = from.subspan(n);
    return to + n;
  }

  const uint16_t pid_;
  uint8_t counter_;
  ByteView head_;
  const size_t adaptation_;
  ByteView data_;
  const size_t stuffing_;
};

// Turns the 4-byte lengths of NAL units into start codes where they ended up in `packets`. `head` bytes of
// the packets' payloads come before `data`; the last packet has `stuffing` bytes in front of its payload. A
// length that does not fit ends it: what follows is no NAL unit.
void write_start_codes(ByteView data, size_t head, size_t stuffing, std::span<uint8_t> packets) {
  const size_t last = packets.size() / kPacketSize - 1;
  const auto place = [&](size_t at) {
    const size_t packet = at / kPayloadSize;
    return packet * kPacketSize + 4 + at % kPayloadSize + (packet == last ? stuffing : 0);
  };
  for (size_t at = 0; data.size() - at >= 4;) {
    const uint8_t* d = data.data() + at;
    const size_t size = static_cast<size_t>(d[0]) << 24 | static_cast<size_t>(d[1]) << 16 |
                        static_cast<size_t>(d[2]) << 8 | d[3];
    if (size > data.size() - at - 4) return;
    for (size_t i = 0; i < 4; ++i) packets[place(head + at + i)] = i == 3;
    at += 4 + size;
  }
}

}  // namespace

void write_frame(PesStream& stream, const Frame& frame, bool discontinuity, Bytes& scratch, Bytes& out) {
  const ByteView data = frame.data;
  const size_t count = stream.layout.packets(frame, data.size(), stream.pcr);
  if (count == 0) return;
  Bytes& head = scratch;
  head.clear();
  write_adaptation(stream, frame, discontinuity, head);
  const size_t adaptation = head.size();
  write_pes_header(stream, frame, stream.layout.prefix_size(frame.key, data.size()) + data.size(), head);
  stream.layout.write_prefix(frame.key, data.size(), head);

  const size_t stuffing = count * kPayloadSize - head.size() - data.size();
  const size_t start = out.size();
  out.resize(start + count * kPacketSize);
  uint8_t* p = out.data() + start;
  PesWriter pes(stream.pid, stream.counter, head, adaptation, data, stuffing);
  for (size_t i = 0; i < count; ++i) {
    // Between the first and the last packet there is nothing but payload.
    if (i > 0 && i + 1 < count && pes.head_written()) {
      p = pes.write_middle(p, count - 1 - i);
      i = count - 1;
    }
    p = pes.write(p, i == 0, i + 1 == count);
  }
  stream.counter = pes.counter();
  if (stream.layout.length_prefixed())
    write_start_codes(data, head.size(), stuffing, std::span(out).subspan(start));
}

void write_pcr_packet(uint16_t pid, uint8_t counter, int64_t clock, bool discontinuity,
                      std::span<uint8_t, kPacketSize> out) {
  uint8_t* p = out.data();
  p[0] = 0x47;
  p[1] = static_cast<uint8_t>(pid >> 8);
  p[2] = static_cast<uint8_t>(pid);
  p[3] = static_cast<uint8_t>(0x20 | (counter & 15));
  p[4] = kPacketSize - 5;
  p[5] = discontinuity ? 0x90 : 0x10;
  put_clock(p + 6, clock);
  std::memset(p + 12, 0xff, kPacketSize - 12);
}

}  // namespace m4f::ts
