#include "m4f/ts/packager.h"

#include <algorithm>
#include <cassert>

#include "m4f/ts/psi.h"

namespace m4f::ts {
namespace {

// What is known of a track before its first frame.
struct Stream {
  TrackLayout layout;
  uint16_t pid = 0;
  uint8_t counter = 0;
  bool selected = false;
  bool pcr = false;
};

void put_timestamp(uint8_t* at, unsigned marker, Ticks time) {
  const uint64_t t = static_cast<uint64_t>(time.count) & kClockMask;
  at[0] = static_cast<uint8_t>(marker << 4 | (t >> 29 & 0x0e) | 1);
  at[1] = static_cast<uint8_t>(t >> 22);
  at[2] = static_cast<uint8_t>((t >> 14 & 0xfe) | 1);
  at[3] = static_cast<uint8_t>(t >> 7);
  at[4] = static_cast<uint8_t>((t << 1 & 0xfe) | 1);
}

// Adaptation field without stuffing (2.4.3.4); its length is set when the stuffing is known.
void write_adaptation(const Stream& stream, const Frame& frame, bool discontinuity, Bytes& out) {
  const size_t size = stream.layout.adaptation_size(frame.key, stream.pcr);
  if (size == 0) return;
  out.push_back(static_cast<uint8_t>(size - 1));
  out.push_back(
      static_cast<uint8_t>((discontinuity ? 0x80 : 0) | (frame.key ? 0x40 : 0) | (stream.pcr ? 0x10 : 0)));
  if (!stream.pcr) return;
  const uint64_t base = static_cast<uint64_t>((frame.dts - kPcrLead).count) & kClockMask;
  out.insert(out.end(), {static_cast<uint8_t>(base >> 25), static_cast<uint8_t>(base >> 17),
                         static_cast<uint8_t>(base >> 9), static_cast<uint8_t>(base >> 1),
                         static_cast<uint8_t>(base << 7 | 0x7e), 0});
}

// `elementary` = bytes after the PES header. The length is told wherever 16 bits hold it, so that a receiver
// knows the frame to be whole without waiting for the next one.
void write_pes_header(const Stream& stream, const Frame& frame, size_t elementary, Bytes& out) {
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

bool carries(Codec codec) {
  switch (codec) {
    case Codec::kAv1:
    case Codec::kVp8:
    case Codec::kVp9:
      return false;
    default:
      return true;
  }
}

class SegmentPackager::Writer {
 public:
  Writer(const Segment& segment, const Options& options);
  size_t position() const { return position_; }
  // Bytes that frames [position, end) take.
  size_t size(size_t end) const;
  void append(size_t end, Bytes& out);

 private:
  void write_psi(Bytes& out);
  void write_frame(Stream& stream, const Frame& frame, Bytes& out);

  const Segment& segment_;
  std::vector<Stream> streams_;
  Bytes psi_[3];  // PAT, PMT, SDT
  PsiSchedule schedule_;
  uint8_t psi_counter_;
  bool discontinuity_;  // still to be signalled
  size_t position_ = 0;
  Bytes head_;  // of the frame being written: adaptation field, PES header, what precedes the payload
};

SegmentPackager::Writer::Writer(const Segment& segment, const Options& options)
    : segment_(segment),
      schedule_(segment.header()),
      psi_counter_(segment.header().ts.psi),
      discontinuity_(segment.header().discontinuity) {
  const SegmentHeader& header = segment.header();
  std::vector<PmtStream> carried;
  for (const Track& track : header.tracks) {
    const auto pid = static_cast<uint16_t>(options.first_pid + streams_.size());
    assert(pid < 0x1fff && pid != options.pmt_pid);
    streams_.push_back({TrackLayout(track), pid});
  }
  const auto select = [&](size_t i) {
    if (streams_[i].selected || !streams_[i].layout.carried()) return;
    streams_[i].selected = true;
    carried.push_back({&header.tracks[i], streams_[i].pid});
  };
  if (options.tracks.ids.empty())
    for (size_t i = 0; i < streams_.size(); ++i) select(i);
  for (const TrackId& id : options.tracks.ids)
    for (size_t i = 0; i < streams_.size(); ++i)
      if (header.tracks[i].id == id) select(i);

  auto clock = std::find_if(carried.begin(), carried.end(),
                            [](const PmtStream& s) { return s.track->id.content == Content::kVideo; });
  if (clock == carried.end()) clock = carried.begin();
  uint16_t pcr_pid = 0x1fff;  // none
  if (clock != carried.end()) {
    pcr_pid = clock->pid;
    streams_[pcr_pid - options.first_pid].pcr = true;
  }
  for (size_t i = 0; i < streams_.size() && i < header.ts.tracks.size(); ++i)
    streams_[i].counter = streams_[i].pcr ? header.ts.tracks[i].with_pcr : header.ts.tracks[i].plain;
  psi_[0] = pat_packets(options);
  psi_[1] = pmt_packets(options, pcr_pid, carried);
  psi_[2] = sdt_packets(options);
}

size_t SegmentPackager::Writer::size(size_t end) const {
  PsiSchedule schedule = schedule_;
  const size_t psi = psi_[0].size() + psi_[1].size() + psi_[2].size();
  size_t bytes = 0;
  for (size_t i = position_; i < end; ++i) {
    const Frame& frame = segment_.frame(i);
    if (schedule.due(frame)) bytes += psi;
    if (frame.track >= streams_.size()) continue;
    const Stream& stream = streams_[frame.track];
    if (stream.selected) bytes += stream.layout.packets(frame, frame.data.size(), stream.pcr) * kPacketSize;
  }
  return bytes;
}

void SegmentPackager::Writer::append(size_t end, Bytes& out) {
  for (; position_ < end; ++position_) {
    const Frame& frame = segment_.frame(position_);
    if (schedule_.due(frame)) write_psi(out);
    if (frame.track < streams_.size() && streams_[frame.track].selected)
      write_frame(streams_[frame.track], frame, out);
  }
}

void SegmentPackager::Writer::write_psi(Bytes& out) {
  for (Bytes& table : psi_) {
    stamp_counters(table, psi_counter_);
    out.insert(out.end(), table.begin(), table.end());
  }
  psi_counter_ = (psi_counter_ + 1) & 15;
}

void SegmentPackager::Writer::write_frame(Stream& stream, const Frame& frame, Bytes& out) {
  const ByteView data = frame.data;
  const size_t count = stream.layout.packets(frame, data.size(), stream.pcr);
  if (count == 0) return;
  const bool discontinuity = discontinuity_ && stream.pcr;
  if (discontinuity) discontinuity_ = false;
  head_.clear();
  write_adaptation(stream, frame, discontinuity, head_);
  const size_t adaptation = head_.size();
  write_pes_header(stream, frame, stream.layout.prefix_size(frame.key, data.size()) + data.size(), head_);
  stream.layout.write_prefix(frame.key, data.size(), head_);

  const size_t stuffing = count * kPayloadSize - head_.size() - data.size();
  const size_t start = out.size();
  out.resize(start + count * kPacketSize);
  uint8_t* p = out.data() + start;
  PesWriter pes(stream.pid, stream.counter, head_, adaptation, data, stuffing);
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
    write_start_codes(data, head_.size(), stuffing, std::span(out).subspan(start));
}

SegmentPackager::SegmentPackager(SegmentPtr segment, const Options& options)
    : segment_(std::move(segment)), writer_(std::make_unique<Writer>(*segment_, options)) {}
SegmentPackager::~SegmentPackager() = default;
SegmentPackager::SegmentPackager(SegmentPackager&&) noexcept = default;
SegmentPackager& SegmentPackager::operator=(SegmentPackager&&) noexcept = default;

void SegmentPackager::append(size_t end, Bytes& out) {
  writer_->append(end, out);
}
size_t SegmentPackager::position() const {
  return writer_->position();
}

Bytes package(const Segment& segment, const Options& options) {
  assert(segment.sealed());
  SegmentPackager::Writer writer(segment, options);
  Bytes out;
  out.reserve(writer.size(segment.frame_count()));
  writer.append(segment.frame_count(), out);
  return out;
}

}  // namespace m4f::ts
