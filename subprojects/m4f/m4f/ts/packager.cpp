#include "m4f/ts/packager.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "m4f/ts/program.h"
#include "m4f/ts/psi.h"

namespace m4f::ts {

std::string text_of(const Options& o) {
  std::string out = fmt::format("{},{},{},{},{},{},{},{}:{},{}:{}", o.tracks.text(), o.pmt_pid, o.sdt_pid,
                                o.first_pid, o.pcr_pid, o.program, o.transport_stream_id, o.provider.size(),
                                o.provider, o.title.size(), o.title);
  for (const TrackPid& asked : o.track_pids)
    out += fmt::format(",{}{}={}", static_cast<int>(asked.track.content), asked.track.number, asked.pid);
  return out;
}

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
  Writer(const Segment& segment, const Options& options)
      : segment_(segment),
        program_(segment.header(), options, Program::Clock::kInFrames),
        schedule_(segment.header()),
        psi_counter_(segment.header().ts.psi),
        discontinuity_(segment.header().discontinuity) {}
  size_t position() const { return position_; }
  // Bytes that frames [position, end) take.
  size_t size(size_t end) const;
  void append(size_t end, Bytes& out);

 private:
  void write_psi(Bytes& out);
  void write(const Frame& frame, Bytes& out);

  const Segment& segment_;
  Program program_;
  PsiSchedule schedule_;
  uint8_t psi_counter_;
  bool discontinuity_;  // still to be signalled
  size_t position_ = 0;
  Bytes scratch_;
};

size_t SegmentPackager::Writer::size(size_t end) const {
  PsiSchedule schedule = schedule_;
  const size_t psi = program_.pat.size() + program_.pmt.size() + program_.sdt.size();
  size_t bytes = 0;
  for (size_t i = position_; i < end; ++i) {
    const Frame& frame = segment_.frame(i);
    if (schedule.due(frame)) bytes += psi;
    if (!program_.carries(frame)) continue;
    const PesStream& stream = program_.streams[frame.track];
    if (program_.clock_is_apart && frame.track == program_.clock) bytes += kPacketSize;
    bytes += stream.layout.packets(frame, frame.data.size(), stream.pcr) * kPacketSize;
  }
  return bytes;
}

void SegmentPackager::Writer::append(size_t end, Bytes& out) {
  for (; position_ < end; ++position_) {
    const Frame& frame = segment_.frame(position_);
    if (schedule_.due(frame)) write_psi(out);
    if (program_.carries(frame)) write(frame, out);
  }
}

void SegmentPackager::Writer::write_psi(Bytes& out) {
  for (Bytes* table : {&program_.pat, &program_.pmt, &program_.sdt}) {
    stamp_counters(*table, psi_counter_);
    out.insert(out.end(), table->begin(), table->end());
  }
  psi_counter_ = (psi_counter_ + 1) & 15;
}

void SegmentPackager::Writer::write(const Frame& frame, Bytes& out) {
  const bool clock = frame.track == program_.clock;
  const bool discontinuity = clock && std::exchange(discontinuity_, false);
  if (clock && program_.clock_is_apart) {
    uint8_t packet[kPacketSize];
    write_pcr_packet(program_.pcr_pid, 0, clock_before(frame.dts), discontinuity, packet);
    out.insert(out.end(), std::begin(packet), std::end(packet));
  }
  write_frame(program_.streams[frame.track], frame, discontinuity && !program_.clock_is_apart, scratch_, out);
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
