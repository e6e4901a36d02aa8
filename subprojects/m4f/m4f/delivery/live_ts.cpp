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
  // One segment, packaged as far as it has grown.
  struct Run {
    Run(SegmentPtr s, const ts::Options& options) : segment(std::move(s)), packager(segment, options) {}
    uint64_t number() const { return segment->header().number; }

    SegmentPtr segment;
    ts::SegmentPackager packager;
    std::vector<SharedBytes> chunks;
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
      run.packager.append(run.packager.position() + 1, *chunk);
      if (chunk->size() >= kChunkBytes) flush();
    }
    if (sealed) {
      run.packager.append(end, *chunk);
      run.complete = true;
    }
    flush();
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
    runs.emplace_back(segment, options);
    return &runs.back();
  }

  static uint64_t oldest_kept(const RingView& view) {
    const size_t count = view.segments.size();
    uint64_t oldest = view.segments[count - std::min(count, kKeptSegments)]->header().number;
    if (const SegmentPtr entry = entry_point(view)) oldest = std::min(oldest, entry->header().number);
    return oldest;
  }

  void forget_old(const RingView& view) {
    const uint64_t oldest = oldest_kept(view);
    std::erase_if(runs, [&](const Run& run) { return run.number() < oldest; });
  }

  // Where a newcomer starts: the newest segment that begins with a key frame.
  static SegmentPtr entry_point(const RingView& view) {
    for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it)
      if ((*it)->header().key_start && (*it)->frame_count() > 0) return *it;
    return nullptr;
  }

  RingPtr ring;
  ts::Options options;
  std::mutex mutex;
  std::deque<Run> runs;
};

LiveTs::LiveTs(RingPtr ring, TrackSelection tracks) : impl_(std::make_unique<Impl>()) {
  impl_->ring = std::move(ring);
  impl_->options.tracks = std::move(tracks);
}

LiveTs::~LiveTs() = default;

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
      const SegmentPtr entry = Impl::entry_point(*view);
      if (!entry || (cursor.started && entry->header().number < cursor.segment)) return taken > 0;
      cursor = Cursor{entry->header().number, 0, true};
      run = impl_->open_run(*view, cursor.segment);
      if (!run) return taken > 0;
    }
    impl_->grow(*run);
    while (cursor.chunk < run->chunks.size()) {
      const SharedBytes& chunk = run->chunks[cursor.chunk];
      if (taken > 0 && taken + chunk->size() > max_bytes) return true;
      out.push_back(chunk);
      taken += chunk->size();
      ++cursor.chunk;
      if (taken >= max_bytes) return true;
    }
    if (!run->complete) return taken > 0;
    cursor = Cursor{cursor.segment + 1, 0, true};
  }
}

bool LiveTs::ended() const {
  return impl_->ring->view()->ended;
}

}  // namespace m4f
