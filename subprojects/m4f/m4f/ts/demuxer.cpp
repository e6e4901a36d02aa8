#include "m4f/ts/demuxer.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>

#include "m4f/codec/canonical.h"
#include "m4f/codec/opus.h"
#include "m4f/ts/crc32.h"
#include "m4f/ts/packet_sync.h"
#include "m4f/ts/pes_reader.h"
#include "m4f/ts/psi_reader.h"
#include "m4f/ts/rtp.h"

namespace m4f::ts {
namespace {

constexpr size_t kPids = 8192;
// What a program lists may never come. A picture is known with its next key frame only.
constexpr Ticks kSoundWait = Ticks::from_seconds(1), kPictureWait = Ticks::from_seconds(10);

// Continuity counters of one PID (2.4.3.3).
class Continuity {
 public:
  enum class Verdict { kGood, kDuplicate, kBroken };

  // REQUIRES: the packet has a payload.
  Verdict check(ByteView packet) {
    const uint8_t counter = packet[3] & 15;
    const ByteView tail = packet.last(tail_.size());
    const bool same = known_ && counter == counter_;
    const bool good = !known_ || counter == ((counter_ + 1) & 15);
    // A packet may be sent twice, not three times; a whole turn of lost packets is told apart by the bytes.
    const bool duplicate = same && !repeated_ && std::equal(tail.begin(), tail.end(), tail_.begin());
    known_ = true;
    counter_ = counter;
    repeated_ = duplicate;
    std::copy(tail.begin(), tail.end(), tail_.begin());
    return duplicate ? Verdict::kDuplicate : good ? Verdict::kGood : Verdict::kBroken;
  }
  void reset() { known_ = false; }

 private:
  bool known_ = false, repeated_ = false;
  uint8_t counter_ = 0;
  std::array<uint8_t, 16> tail_{};
};

struct Table {
  SectionReader reader;
  Continuity continuity;
};

}  // namespace

struct Demuxer::Impl {
  Impl(DemuxerSettings settings, DemuxerSink& sink) : settings_(std::move(settings)), sink_(sink) {
    route_.fill(kNone);
    route_[0] = kPat;
  }

  void packet(ByteView p);
  void flush();

  DemuxerStats stats_;
  PacketSync sync_;
  RtpReceiver rtp_;

 private:
  // What a PID leads to: one of these, or kStream + index.
  enum Route : uint8_t { kNone, kPat, kPmt, kStream };

  struct Stream {
    Stream(size_t i, PmtEntry e) : index(i), entry(std::move(e)), canonicalizer(*entry.codec) {}

    const size_t index;
    PmtEntry entry;
    TrackId id;
    Canonicalizer canonicalizer;
    Continuity continuity;
    std::unique_ptr<PesReader> pes;  // none while the PMT does not list it
    bool announced = false;
    bool discont = false;
  };

  void on_table_packet(Table& table, ByteView p, ByteView payload, bool discontinuity);
  void on_stream_packet(Stream& stream, ByteView p, ByteView payload, bool discontinuity);
  void on_section(ByteView section, bool pat);
  void on_pat(ByteView section);
  void on_pmt(ByteView section);
  bool wanted(uint16_t pid) const;
  void open(const PmtEntry& entry);
  void close(Stream& stream);
  void number_tracks(const Pmt& pmt);
  void on_unit(Stream& stream, const AssembledUnit& unit);
  void announce(Stream& stream);
  void check_complete(bool at_end);

  const DemuxerSettings settings_;
  DemuxerSink& sink_;
  std::array<uint8_t, kPids> route_;
  Table pat_, pmt_;
  std::optional<PatEntry> program_;
  Bytes pmt_section_;  // that is in force
  ProgramClock clock_;
  std::vector<std::unique_ptr<Stream>> streams_;  // every PID that was ever carried; track index = position
  std::bitset<kPids> refused_;                    // told to on_unsupported()
  bool complete_ = false;
  InputFrame frame_;  // kept for its vector
};

void Demuxer::Impl::packet(ByteView p) {
  ++stats_.packets;
  stats_.bytes += kPacketSize;
  if (p[1] & 0x80) {
    ++stats_.transport_errors;
    return;  // its PID cannot be trusted; the gap it leaves is a continuity error
  }
  const auto pid = static_cast<size_t>((p[1] & 0x1f) << 8 | p[2]);
  const uint8_t route = route_[pid];
  if (route == kNone) return;
  size_t begin = 4;
  bool discontinuity = false;
  if (p[3] & 0x20) {
    begin = size_t{5} + p[4];
    if (begin > kPacketSize) return;
    discontinuity = p[4] > 0 && p[5] & 0x80;
  }
  const bool has_payload = p[3] & 0x10;
  Continuity& continuity = route == kPat   ? pat_.continuity
                           : route == kPmt ? pmt_.continuity
                                           : streams_[route - kStream]->continuity;
  if (!has_payload) {
    if (discontinuity) continuity.reset();
    return;
  }
  const ByteView payload = p.subspan(begin);
  if (route == kPat)
    on_table_packet(pat_, p, payload, discontinuity);
  else if (route == kPmt)
    on_table_packet(pmt_, p, payload, discontinuity);
  else
    on_stream_packet(*streams_[route - kStream], p, payload, discontinuity);
}

void Demuxer::Impl::on_table_packet(Table& table, ByteView p, ByteView payload, bool discontinuity) {
  switch (table.continuity.check(p)) {
    case Continuity::Verdict::kDuplicate:
      return;
    case Continuity::Verdict::kGood:
      break;
    case Continuity::Verdict::kBroken:
      if (!discontinuity) ++stats_.continuity_errors;
      table.reader.reset();
      break;
  }
  if (p[3] & 0xc0) {
    ++stats_.scrambled;
    return;
  }
  const bool pat = &table == &pat_;
  table.reader.feed(payload, p[1] & 0x40, [&](ByteView section) { on_section(section, pat); });
}

void Demuxer::Impl::on_stream_packet(Stream& stream, ByteView p, ByteView payload, bool discontinuity) {
  const bool unit_start = p[1] & 0x40;
  switch (stream.continuity.check(p)) {
    case Continuity::Verdict::kDuplicate:
      return;
    case Continuity::Verdict::kGood:
      break;
    case Continuity::Verdict::kBroken:
      // Where the break is announced and a unit begins, the unit before it has ended by itself.
      if (discontinuity && unit_start) break;
      if (!discontinuity) ++stats_.continuity_errors;
      stream.pes->lose();
      break;
  }
  if (p[3] & 0xc0) {
    ++stats_.scrambled;
    return stream.pes->lose();
  }
  stream.pes->feed(payload, unit_start);
  if (unit_start) check_complete(false);
}

void Demuxer::Impl::on_section(ByteView section, bool pat) {
  if (section.size() < 12) return;
  if (section[0] != (pat ? 0x00 : 0x02)) return;  // other tables may share the PID
  if (crc32(section) != 0) {
    ++stats_.crc_errors;
    return;
  }
  pat ? on_pat(section) : on_pmt(section);
}

void Demuxer::Impl::on_pat(ByteView section) {
  const auto programs = parse_pat(section);
  if (!programs) return;
  ++stats_.pat_count;
  const uint16_t number = settings_.program != 0 ? settings_.program : program_ ? program_->program : 0;
  auto chosen = std::find_if(programs->begin(), programs->end(),
                             [&](const PatEntry& e) { return number == 0 || e.program == number; });
  if (chosen == programs->end()) {
    // A program that was not asked for by number and is gone makes room for another; one in several sections
    // may be listed in another section.
    const bool only_section = section[6] == 0 && section[7] == 0;
    if (settings_.program != 0 || !only_section || programs->empty()) return;
    chosen = programs->begin();
  }
  if (program_ && program_->program == chosen->program && program_->pmt_pid == chosen->pmt_pid) return;
  if (chosen->pmt_pid == 0 || chosen->pmt_pid == kPids - 1) return;
  if (program_) route_[program_->pmt_pid] = kNone;
  for (auto& stream : streams_)
    if (stream->entry.pid == chosen->pmt_pid) close(*stream);
  program_ = *chosen;
  route_[chosen->pmt_pid] = kPmt;
  pmt_ = {};
  pmt_section_.clear();
}

bool Demuxer::Impl::wanted(uint16_t pid) const {
  if (pid == 0 || pid == kPids - 1 || pid == program_->pmt_pid) return false;
  return settings_.pids.empty() ||
         std::find(settings_.pids.begin(), settings_.pids.end(), pid) != settings_.pids.end();
}

void Demuxer::Impl::on_pmt(ByteView section) {
  auto pmt = parse_pmt(section);
  if (!pmt || pmt->program != program_->program) return;
  ++stats_.pmt_count;
  if (std::equal(section.begin(), section.end(), pmt_section_.begin(), pmt_section_.end())) return;
  pmt_section_.assign(section.begin(), section.end());
  std::erase_if(pmt->streams, [&](const PmtEntry& e) { return !wanted(e.pid); });
  for (auto& stream : streams_)
    if (std::none_of(pmt->streams.begin(), pmt->streams.end(),
                     [&](const PmtEntry& e) { return e.pid == stream->entry.pid && e.codec; }))
      close(*stream);
  for (const PmtEntry& entry : pmt->streams) {
    if (entry.codec) {
      open(entry);
    } else if (!refused_[entry.pid]) {
      refused_.set(entry.pid);
      sink_.on_unsupported(entry.pid, entry.stream_type, entry.what);
    }
  }
  number_tracks(*pmt);
  check_complete(false);
}

void Demuxer::Impl::open(const PmtEntry& entry) {
  auto at =
      std::find_if(streams_.begin(), streams_.end(), [&](auto& s) { return s->entry.pid == entry.pid; });
  if (at == streams_.end()) {
    if (streams_.size() == kMaxTracks) {
      if (!refused_[entry.pid]) sink_.on_unsupported(entry.pid, entry.stream_type, "one track too many");
      refused_.set(entry.pid);
      return;
    }
    streams_.push_back(std::make_unique<Stream>(streams_.size(), entry));
    at = streams_.end() - 1;
  }
  Stream& stream = **at;
  if (stream.pes && stream.entry == entry) return;
  if (stream.entry.codec != entry.codec || stream.entry.opus_channels != entry.opus_channels) {
    close(stream);
    stream.canonicalizer = Canonicalizer(*entry.codec);
    stream.announced = false;
  } else if (stream.announced && stream.entry.language != entry.language) {
    stream.entry = entry;
    announce(stream);
  }
  stream.entry = entry;
  if (stream.pes) return;
  if (entry.codec == Codec::kOpus) {
    const auto config = stream.canonicalizer.set_config(opus::make_head(opus::head_of(entry.opus_channels)));
    assert(config);
    static_cast<void>(config);
  }
  const bool video = content_of(*entry.codec) == Content::kVideo;
  auto assembler = make_assembler(
      *entry.codec, [this, &stream](const AssembledUnit& unit) { on_unit(stream, unit); }, stats_.broken_pes);
  stream.pes = std::make_unique<PesReader>(clock_, std::move(assembler), video, stats_);
  stream.continuity.reset();
  route_[entry.pid] = static_cast<uint8_t>(kStream + stream.index);
}

void Demuxer::Impl::close(Stream& stream) {
  if (!stream.pes) return;
  stream.pes.reset();
  stream.discont = true;
  route_[stream.entry.pid] = kNone;
}

// Numbers follow the order in the PMT, whatever the order of the first frames.
void Demuxer::Impl::number_tracks(const Pmt& pmt) {
  uint8_t last[4] = {};
  for (const PmtEntry& entry : pmt.streams)
    for (auto& stream : streams_)
      if (stream->pes && stream->entry.pid == entry.pid) {
        const Content content = content_of(*entry.codec);
        stream->id = {content, ++last[static_cast<size_t>(content)]};
      }
}

void Demuxer::Impl::on_unit(Stream& stream, const AssembledUnit& unit) {
  stream.discont = stream.discont || unit.discont;
  const auto au = stream.canonicalizer.push(unit.data);
  if (!au) {
    ++stats_.broken_pes;
    stream.discont = true;
    return;
  }
  if (!stream.canonicalizer.ready()) return;
  if (au->format_changed || !stream.announced) announce(stream);
  if (au->pieces.empty()) return;
  frame_.track = stream.index;
  frame_.key = au->key;
  frame_.dts = unit.time.dts;
  frame_.pts = unit.time.pts;
  frame_.duration = unit.duration;
  frame_.discont = std::exchange(stream.discont, false);
  frame_.pieces.assign(au->pieces.begin(), au->pieces.end());
  sink_.on_frame(frame_);
}

void Demuxer::Impl::announce(Stream& stream) {
  Track track = stream.canonicalizer.track();
  track.id = stream.id;
  track.language = stream.entry.language;
  if (stream.pes && track.fps_num > 0 && content_of(track.codec) == Content::kVideo)
    stream.pes->assembler().set_frame_duration(
        Ticks(Ticks::kPerSecond * static_cast<int64_t>(track.fps_den) / static_cast<int64_t>(track.fps_num)));
  const bool first = !std::exchange(stream.announced, true);
  if (first) stream.discont = false;  // nothing was given out before it
  sink_.on_track(stream.index, track);
  if (first) check_complete(false);
}

void Demuxer::Impl::check_complete(bool at_end) {
  if (complete_ || pmt_section_.empty()) return;
  Ticks wait;
  for (const auto& s : streams_) {
    if (!s->pes || s->announced) continue;
    wait = std::max(wait, content_of(*s->entry.codec) == Content::kVideo ? kPictureWait : kSoundWait);
  }
  if (wait > Ticks() && !at_end && clock_.elapsed() < wait) return;
  complete_ = true;
  sink_.on_tracks_complete();
}

void Demuxer::Impl::flush() {
  for (auto& stream : streams_)
    if (stream->pes) {
      stream->pes->flush();
      stream->continuity.reset();
    }
  pat_.continuity.reset();
  pmt_.continuity.reset();
  check_complete(true);
}

Demuxer::Demuxer(DemuxerSettings settings, DemuxerSink& sink)
    : impl_(std::make_unique<Impl>(std::move(settings), sink)) {}
Demuxer::~Demuxer() = default;

void Demuxer::feed(ByteView bytes) {
  impl_->sync_.feed(bytes, [this](ByteView p) { impl_->packet(p); });
  impl_->stats_.sync_losses = impl_->sync_.losses();
}

void Demuxer::feed_datagram(ByteView datagram) {
  const ByteView packets = impl_->rtp_.unwrap(datagram, impl_->stats_.rtp_lost);
  // Datagrams hold whole packets: a lost one must not cost the search for sync. Whatever else they hold is a
  // stream.
  const bool whole = packets.size() % kPacketSize == 0;
  for (size_t at = 0; at < packets.size(); at += kPacketSize)
    if (!whole || packets[at] != 0x47) return feed(packets);
  for (size_t at = 0; at < packets.size(); at += kPacketSize) impl_->packet(packets.subspan(at, kPacketSize));
}

void Demuxer::flush() {
  impl_->sync_.flush([this](ByteView p) { impl_->packet(p); });
  impl_->flush();
}

const DemuxerStats& Demuxer::stats() const {
  return impl_->stats_;
}

}  // namespace m4f::ts
