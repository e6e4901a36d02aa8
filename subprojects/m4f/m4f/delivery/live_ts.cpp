#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <mutex>

#include "m4f/delivery/delivery.h"
#include "m4f/ts/packager.h"

namespace m4f {
namespace {

constexpr size_t kChunkBytes =
    128 << 10;  // a segment that is already there is packaged in pieces of about this size
// A reader may lag behind by so many segments; one that is slower would see them go from the ring soon
// anyway.
constexpr size_t kKeptSegments = 3;

}  // namespace

struct LiveTs::Impl {
  // Where a reader may begin: tables and a key frame.
  struct Entry {
    size_t chunk = 0;
    Ticks dts;
  };
  // One segment, packaged as far as it has grown.
  struct Run {
    Run(SegmentPtr s, const ts::Options& options) : segment(std::move(s)), packager(segment, options) {}
    uint64_t number() const { return segment->header().number; }

    SegmentPtr segment;
    ts::SegmentPackager packager;
    std::vector<SharedBytes> chunks;
    std::vector<Entry> entries;  // in order of time
    bool complete = false;
  };

  void grow(Run& run) {
    if (run.complete) return;
    const bool sealed = run.segment->sealed();  // before the count: nothing follows then
    const size_t end = run.segment->frame_count();
    auto chunk = std::make_shared<Bytes>();
    const auto flush = [&] {
      if (chunk->empty()) return;
      run.chunks.push_back(std::move(chunk));
      chunk = std::make_shared<Bytes>();
    };
    while (run.packager.position() < end) {
      const size_t position = run.packager.position();
      if (begins(*run.segment, position)) {
        flush();
        run.entries.push_back({run.chunks.size(), run.segment->frame(position).dts});
      }
      run.packager.append(position + 1, *chunk);
      if (chunk->size() >= kChunkBytes) flush();
    }
    if (sealed) {
      run.packager.append(end, *chunk);
      run.complete = true;
    }
    flush();
  }

  // A key frame of the leading pictures, or the first sound of a segment without pictures.
  static bool begins(const Segment& segment, size_t position) {
    const size_t lead = segment.lead_track();
    if (segment.header().tracks[lead].id.content != Content::kVideo) return position == 0;
    const Frame& frame = segment.frame(position);
    return frame.track == lead && frame.key;
  }

  // The segment with that number in the view, else null.
  static SegmentPtr find(const RingView& view, uint64_t number) {
    for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it)
      if ((*it)->header().number == number) return *it;
    return nullptr;
  }

  Run* run_of(uint64_t number) {
    for (Run& run : runs)
      if (run.number() == number) return &run;
    return nullptr;
  }

  // The packaging of a segment, begun now if it is among the newest; null = too old or gone.
  Run* open_run(const RingView& view, uint64_t number) {
    if (Run* run = run_of(number)) return run;
    const SegmentPtr segment = find(view, number);
    if (!segment) return nullptr;
    if (number < oldest_kept(view)) return nullptr;
    runs.emplace_back(segment, options.ts);
    return &runs.back();
  }

  uint64_t oldest_kept(const RingView& view) const {
    const size_t count = view.segments.size();
    uint64_t oldest = view.segments[count - std::min(count, kKeptSegments)]->header().number;
    if (const SegmentPtr entry = entry_segment(view)) oldest = std::min(oldest, entry->header().number);
    return oldest;
  }

  void forget_old(const RingView& view) {
    const uint64_t oldest = oldest_kept(view);
    std::erase_if(runs, [&](const Run& run) { return run.number() < oldest; });
  }

  static Ticks newest_time(const RingView& view) {
    for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it)
      if (const size_t count = (*it)->frame_count()) return (*it)->frame(count - 1).dts;
    return {};
  }

  // What a newcomer gets begins at this time at the latest.
  Ticks wanted_start(const RingView& view) const {
    const auto back = options.prepush.value_or(std::chrono::milliseconds(0));
    return newest_time(view) - Ticks::from(back);
  }

  // The segment where a newcomer starts: the newest that begins with a key frame early enough, else the
  // oldest one.
  SegmentPtr entry_segment(const RingView& view) const {
    const Ticks wanted = wanted_start(view);
    SegmentPtr found;
    for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it) {
      if (!(*it)->header().key_start || (*it)->frame_count() == 0) continue;
      found = *it;
      if ((*it)->frame(0).dts <= wanted) break;
    }
    return found;
  }

  // A cursor for a newcomer, or nothing if there is no place to begin. `first` = it never read before.
  std::optional<Cursor> enter(const RingView& view, bool first) {
    const SegmentPtr segment = entry_segment(view);
    if (!segment) return std::nullopt;
    if (first && options.prepush && options.prepush->count() == 0) {
      Run* run = open_run(view, view.segments.back()->header().number);
      if (!run) return std::nullopt;
      grow(*run);
      return Cursor{run->number(), run->chunks.size(), true, true};
    }
    Run* run = open_run(view, segment->header().number);
    if (!run) return std::nullopt;
    grow(*run);
    const Ticks wanted = wanted_start(view);
    size_t chunk = 0;
    for (const Entry& entry : run->entries)
      if (entry.dts <= wanted) chunk = entry.chunk;
    return Cursor{run->number(), chunk, true, false};
  }

  // Moves a cursor that waits for a key frame to the next one in the run; false = there is none yet.
  static bool reach_key(const Run& run, Cursor& cursor) {
    for (const Entry& entry : run.entries) {
      if (entry.chunk < cursor.chunk) continue;
      cursor.chunk = entry.chunk;
      cursor.waits_for_key = false;
      return true;
    }
    cursor.chunk = run.chunks.size();
    return false;
  }

  RingPtr ring;
  LiveTsOptions options;
  std::mutex mutex;
  std::deque<Run> runs;
};

LiveTs::LiveTs(RingPtr ring, LiveTsOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->ring = std::move(ring);
  impl_->options = std::move(options);
}

LiveTs::~LiveTs() = default;

std::string LiveTsOptions::key() const {
  return fmt::format("{}/{}", ts::text_of(ts), prepush ? prepush->count() : -1);
}

bool LiveTs::read(Cursor& cursor, size_t max_bytes, std::vector<SharedBytes>& out) {
  const auto view = impl_->ring->view();
  if (view->segments.empty()) return false;
  const std::lock_guard lock(impl_->mutex);
  impl_->forget_old(*view);
  size_t taken = 0;
  while (true) {
    Impl::Run* run = cursor.started ? impl_->open_run(*view, cursor.segment) : nullptr;
    if (!run) {
      // A cursor that waits for the segment after the newest one has not fallen off.
      if (cursor.started && cursor.segment > view->segments.back()->header().number) return taken > 0;
      const auto entry = impl_->enter(*view, !cursor.started);
      if (!entry || (cursor.started && entry->segment < cursor.segment)) return taken > 0;
      cursor = *entry;
      run = impl_->open_run(*view, cursor.segment);
      if (!run) return taken > 0;
    }
    impl_->grow(*run);
    if (cursor.waits_for_key && !Impl::reach_key(*run, cursor) && !run->complete) return taken > 0;
    while (cursor.chunk < run->chunks.size()) {
      const SharedBytes& chunk = run->chunks[cursor.chunk];
      if (taken > 0 && taken + chunk->size() > max_bytes) return true;
      out.push_back(chunk);
      taken += chunk->size();
      ++cursor.chunk;
      if (taken >= max_bytes) return true;
    }
    if (!run->complete) return taken > 0;
    cursor = Cursor{cursor.segment + 1, 0, true, cursor.waits_for_key};
  }
}

bool LiveTs::ended() const {
  return impl_->ring->view()->ended;
}

}  // namespace m4f
