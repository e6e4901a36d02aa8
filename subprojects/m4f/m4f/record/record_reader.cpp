#include <xxhash.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

#include "m4f/record/format.h"
#include "m4f/record/record.h"

namespace m4f {
namespace {

using format::kRecordHeader;

constexpr size_t kMagicEnd = kRecordHeader + format::kMagic.size();
constexpr size_t kMaxHead = 255 * 8;
// After a bad record its first bytes are searched for another begin, but no more than these: else a nest of
// false begins would be summed again and again.
constexpr size_t kMaxRescan = 8 << 10;
constexpr size_t kSearchStep = 64 << 10;

struct FreeHash {
  void operator()(XXH3_state_s* s) const { XXH3_freeState(s); }
};

}  // namespace

struct RecordReader::Impl {
  enum class State {
    kRecord,   // collecting the part of a record that is looked at as a whole
    kPayload,  // copying a frame's bytes to where they stay
    kSkip,     // passing over padding
    kUnknown,  // passing over a record of unknown type
    kResync,   // searching for the next segment begin
  };

  Impl() : hash(XXH3_createState()) {
    if (!hash) throw std::bad_alloc();
  }

  // Each step consumes a part of `in`, at least one byte.
  Result<void> step(ByteView& in, std::vector<RecordEvent>& out);
  Result<void> collect(ByteView& in, std::vector<RecordEvent>& out);
  Result<size_t> bytes_needed() const;  // of the record whose start is in `head`
  Result<void> record_read(std::vector<RecordEvent>& out);
  Result<void> begin_read(std::vector<RecordEvent>& out);
  Result<void> frame_read(std::vector<RecordEvent>& out);
  Result<void> end_read(std::vector<RecordEvent>& out);
  void frame_done(std::vector<RecordEvent>& out);
  // Searches `head` and `in` for a segment begin. If there is one, it becomes the record being collected.
  // Returns how many bytes of `in` are done with.
  size_t find_begin(ByteView in);
  void next_record();
  Error place(Error e) const;  // names the open segment

  State state = State::kRecord;
  Bytes head;             // of the record being collected, or the tail of what was searched
  size_t skip = 0;        // kSkip: bytes still to pass over
  std::span<uint8_t> to;  // kPayload: room for the rest of the frame
  std::optional<SegmentBuilder> open;
  std::array<Ticks, kMaxTracks> last_dts;        // of the open segment's tracks
  std::optional<Error> noted;                    // wrong, but no reason to search for the next segment
  std::unique_ptr<XXH3_state_s, FreeHash> hash;  // of the open segment's bytes so far
};

RecordReader::RecordReader() : impl_(std::make_unique<Impl>()) {}
RecordReader::~RecordReader() = default;

Result<void> RecordReader::feed(ByteView bytes, std::vector<RecordEvent>& out) {
  Result<void> result;
  while (!bytes.empty()) {
    auto ok = impl_->step(bytes, out);
    if (auto noted = std::exchange(impl_->noted, {}); noted && result)
      result = tl::unexpected(std::move(*noted));
    if (ok) continue;
    if (result) result = tl::unexpected(impl_->place(std::move(ok.error())));
    impl_->open.reset();
    // What the bad record swallowed may hold the next begin, but not at its own first byte.
    const Bytes again = std::exchange(impl_->head, {});
    impl_->state = Impl::State::kResync;
    if (again.size() > 1 && again.size() <= kMaxRescan) {
      auto nested = feed(ByteView(again).subspan(1), out);
      (void)nested;  // one cause is enough, and it is reported
    }
  }
  return result;
}

void RecordReader::finish(std::vector<RecordEvent>& out) {
  if (auto& open = impl_->open; open && open->segment()->frame_count() > 0) {
    if (impl_->state == Impl::State::kPayload) open->cancel_frame();
    const SegmentPtr segment = open->segment();
    open->seal(segment->duration());
    out.push_back(SegmentSealed{segment});
  }
  impl_ = std::make_unique<Impl>();
}

Error RecordReader::Impl::place(Error e) const {
  if (!open) return e;
  return std::move(e).within(fmt::format("segment {}", open->segment()->header().number));
}

void RecordReader::Impl::next_record() {
  head.clear();
  if (head.capacity() > kMaxRescan) head.shrink_to_fit();  // a large begin record; rare
  state = State::kRecord;
}

Result<void> RecordReader::Impl::step(ByteView& in, std::vector<RecordEvent>& out) {
  switch (state) {
    case State::kRecord:
      return collect(in, out);
    case State::kPayload: {
      const size_t n = std::min(in.size(), to.size());
      std::copy_n(in.begin(), n, to.begin());
      XXH3_64bits_update(hash.get(), in.data(), n);
      to = to.subspan(n);
      in = in.subspan(n);
      if (to.empty()) frame_done(out);
      return {};
    }
    case State::kSkip: {
      const size_t n = std::min(in.size(), skip);
      if (open) XXH3_64bits_update(hash.get(), in.data(), n);
      in = in.subspan(n);
      skip -= n;
      if (skip == 0) next_record();
      return {};
    }
    case State::kUnknown: {
      // The record may be none, but what followed a break in the stream: a segment that begins in it is not
      // lost.
      const ByteView part = in.first(std::min({in.size(), skip, kSearchStep}));
      if (open) XXH3_64bits_update(hash.get(), part.data(), part.size());
      const size_t searched = find_begin(part);
      in = in.subspan(searched);
      skip -= searched;
      if (state == State::kUnknown && skip == 0) next_record();
      return {};
    }
    case State::kResync:
      in = in.subspan(find_begin(in.first(std::min(in.size(), kSearchStep))));
      return {};
  }
  return {};
}

Result<void> RecordReader::Impl::collect(ByteView& in, std::vector<RecordEvent>& out) {
  auto need = bytes_needed();
  if (!need) return tl::unexpected(std::move(need.error()));
  const size_t n = std::min(in.size(), *need - head.size());
  head.insert(head.end(), in.begin(), in.begin() + static_cast<ptrdiff_t>(n));
  in = in.subspan(n);
  if (head.size() < *need) return {};
  // Once the record's kind is known, more of it may be wanted.
  if (need = bytes_needed(); !need) return tl::unexpected(std::move(need.error()));
  return head.size() == *need ? record_read(out) : Result<void>();
}

Result<size_t> RecordReader::Impl::bytes_needed() const {
  if (head.size() < kRecordHeader) return kRecordHeader;
  const auto h = format::read_head(head.data());
  const size_t fixed = size_t{h.head_size} * 8;
  if (h.size < kRecordHeader) return error(Errc::kInvalid, "record of {} bytes", h.size);
  if (h.type == 0) return error(Errc::kInvalid, "record of type 0");
  switch (h.type) {
    case format::kSegmentBegin:
      if (h.size < format::kBeginHead || h.size > format::kMaxBeginSize)
        return error(Errc::kInvalid, "begin record of {} bytes", h.size);
      if (head.size() < kMagicEnd) return kMagicEnd;
      if (!std::equal(format::kMagic.begin(), format::kMagic.end(), head.begin() + kRecordHeader))
        return error(Errc::kInvalid, "no M4F magic");
      return format::padded(h.size);
    case format::kFrame:
      if (!open) return error(Errc::kInvalid, "frame outside a segment");
      if (fixed < format::kFrameHead || fixed > h.size)
        return error(Errc::kInvalid, "frame record of {} bytes with a head of {}", h.size, fixed);
      return fixed;
    case format::kSegmentEnd:
      if (!open) return error(Errc::kInvalid, "end record outside a segment");
      if (h.size < format::kEndRecord || h.size > kMaxHead)
        return error(Errc::kInvalid, "end record of {} bytes", h.size);
      return format::padded(h.size);
    default:
      if (h.size > kMaxFrameSize)
        return error(Errc::kLimit, "record of unknown type {} has {} bytes", h.type, h.size);
      return kRecordHeader;
  }
}

Result<void> RecordReader::Impl::record_read(std::vector<RecordEvent>& out) {
  const auto h = format::read_head(head.data());
  switch (h.type) {
    case format::kSegmentBegin:
      return begin_read(out);
    case format::kFrame:
      return frame_read(out);
    case format::kSegmentEnd:
      return end_read(out);
    default:
      if (open) XXH3_64bits_update(hash.get(), head.data(), head.size());
      skip = format::padded(h.size) - kRecordHeader;
      if (skip == 0)
        next_record();
      else
        state = State::kUnknown;
      return {};
  }
}

Result<void> RecordReader::Impl::begin_read(std::vector<RecordEvent>& out) {
  if (open) {
    // Its writer broke off and began anew.
    noted = place(Error{Errc::kTruncated, "has no end record", {}});
    open.reset();
  }
  auto header = format::read_begin(ByteView(head).first(format::read_head(head.data()).size));
  if (!header) return tl::unexpected(std::move(header.error()));
  XXH3_64bits_reset(hash.get());
  XXH3_64bits_update(hash.get(), head.data(), head.size());
  open.emplace(std::move(*header));
  last_dts.fill(Ticks(std::numeric_limits<int64_t>::min()));
  out.push_back(SegmentOpened{open->segment()});
  next_record();
  return {};
}

Result<void> RecordReader::Impl::frame_read(std::vector<RecordEvent>& out) {
  const size_t payload = format::read_head(head.data()).size - head.size();
  const Frame frame = format::read_frame_head(head.data());
  auto room = open->reserve_frame(frame, payload);
  if (!room) return tl::unexpected(std::move(room.error()));
  // Packagers write the distance between frames as an unsigned number.
  if (frame.dts < last_dts[frame.track]) {
    open->cancel_frame();
    return error(Errc::kInvalid, "DTS of track {} falls",
                 open->segment()->header().tracks[frame.track].id.text());
  }
  last_dts[frame.track] = frame.dts;
  XXH3_64bits_update(hash.get(), head.data(), head.size());
  to = *room;
  state = State::kPayload;
  if (to.empty()) frame_done(out);
  return {};
}

void RecordReader::Impl::frame_done(std::vector<RecordEvent>& out) {
  open->commit_frame();
  const SegmentPtr segment = open->segment();
  const size_t count = segment->frame_count();
  out.push_back(FramesAdded{segment, count});
  // The head is a multiple of 8 long, so that padding follows from the payload.
  const size_t payload = segment->frame(count - 1).data.size();
  skip = format::padded(payload) - payload;
  head.clear();
  state = skip > 0 ? State::kSkip : State::kRecord;
}

Result<void> RecordReader::Impl::end_read(std::vector<RecordEvent>& out) {
  const ByteView record = ByteView(head).first(format::read_head(head.data()).size);
  const auto end = format::read_end(record);
  XXH3_64bits_update(hash.get(), record.data(), record.size() - 8);
  const SegmentPtr segment = open->segment();
  if (end.frames != segment->frame_count())
    return error(Errc::kInvalid, "has {} frames, its end says {}", segment->frame_count(), end.frames);
  if (end.frames == 0) return error(Errc::kInvalid, "has no frames");
  if (end.checksum != XXH3_64bits_digest(hash.get()) && format::kVerifyChecksums)
    return error(Errc::kInvalid, "checksum does not match");
  if (end.duration.count < 0 || end.duration.count > format::kMaxDistance)
    return error(Errc::kInvalid, "duration out of range");
  open->seal(end.duration);
  open.reset();
  out.push_back(SegmentSealed{segment});
  next_record();
  return {};
}

size_t RecordReader::Impl::find_begin(ByteView in) {
  // `head` is the tail of what was searched before; it is short, so joining costs little.
  head.insert(head.end(), in.begin(), in.end());
  size_t from = std::min(kRecordHeader, head.size());
  for (;;) {
    const auto at = std::search(head.begin() + static_cast<ptrdiff_t>(from), head.end(),
                                format::kMagic.begin(), format::kMagic.end());
    if (at == head.end()) break;
    const auto begin = at - kRecordHeader;
    if (begin[4] == format::kSegmentBegin) {
      const auto after = static_cast<size_t>(head.end() - begin) - kMagicEnd;
      head = Bytes(begin, begin + kMagicEnd);
      state = State::kRecord;
      return in.size() - after;
    }
    from = static_cast<size_t>(at - head.begin()) + 1;
  }
  if (head.size() >= kMagicEnd) head.erase(head.begin(), head.end() - (kMagicEnd - 1));
  return in.size();
}

}  // namespace m4f
