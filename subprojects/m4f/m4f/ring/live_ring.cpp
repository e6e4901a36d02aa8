#include "m4f/ring/live_ring.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <utility>

#include "m4f/ring/retention.h"
#include "m4f/ring/wakers.h"

namespace m4f {

const SegmentPtr* RingView::find(uint64_t number) const {
  const auto at =
      std::ranges::lower_bound(segments, number, {}, [](const SegmentPtr& s) { return s->header().number; });
  return at != segments.end() && (*at)->header().number == number ? &*at : nullptr;
}

// Lock order: write_mutex, view_mutex. Neither is held while waking.
struct LiveRing::Impl {
  explicit Impl(RingSettings s) : settings(s), view(std::make_shared<RingView>()) {}

  enum class Change { kNone, kFrames, kVisible };
  Change apply(const RecordEvent& event);
  bool adopt(const SegmentPtr& segment);  // makes it the newest one
  void trim();
  void publish();  // makes the changed state visible under a new version
  bool too_large() const;

  mutable std::mutex write_mutex;  // the writer's state: uncontended but for configure() and the like
  RingSettings settings;
  std::vector<SegmentPtr> segments;
  uint64_t newest = 0;
  bool any = false;        // `newest` is set
  size_t older_bytes = 0;  // memory of all segments but the newest
  size_t seen = 0;         // frames of the newest segment that were searched for part ends
  bool ended = false;

  mutable std::mutex view_mutex;  // held for the copy of a pointer
  std::shared_ptr<const RingView> view;
  std::atomic<uint64_t> version{0};

  const std::shared_ptr<Wakers> wakers = std::make_shared<Wakers>();
};

LiveRing::LiveRing(RingSettings settings) : impl_(std::make_shared<Impl>(settings)) {}
LiveRing::~LiveRing() = default;

void LiveRing::Impl::trim() {
  size_t drop = segments.size() - retained_segments(segments, settings.segment_count);
  size_t bytes = 0;
  for (size_t i = drop; i < segments.size(); ++i) bytes += segments[i]->memory();
  for (; bytes > settings.max_bytes && segments.size() - drop > 2; ++drop) bytes -= segments[drop]->memory();
  segments.erase(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(drop));
  older_bytes = 0;
  for (size_t i = 0; i + 1 < segments.size(); ++i) older_bytes += segments[i]->memory();
}

bool LiveRing::Impl::too_large() const {
  return segments.size() > 2 && older_bytes + segments.back()->memory() > settings.max_bytes;
}

void LiveRing::Impl::publish() {
  auto next = std::make_shared<RingView>();
  next->segments = segments;
  const size_t sealed = segments.size() - (!segments.empty() && !segments.back()->sealed());
  next->first_listed = sealed - std::min(sealed, settings.segment_count);
  next->version = version.load(std::memory_order_relaxed) + 1;
  next->newest = newest;
  next->ended = ended;
  const uint64_t now = next->version;
  std::shared_ptr<const RingView> old = std::move(next);
  {
    std::lock_guard lock(view_mutex);
    view.swap(old);
  }
  version.store(now, std::memory_order_release);
  // `old` may hold the last reference to segments: they are freed here, without the readers' lock.
}

bool LiveRing::Impl::adopt(const SegmentPtr& segment) {
  if (any && segment->header().number <= newest) return false;
  if (!segments.empty() && !segments.back()->sealed()) segments.pop_back();
  segments.push_back(segment);
  newest = segment->header().number;
  any = true;
  seen = 0;
  ended = false;
  return true;
}

LiveRing::Impl::Change LiveRing::Impl::apply(const RecordEvent& event) {
  const SegmentPtr& segment = std::visit([](const auto& e) -> const SegmentPtr& { return e.segment; }, event);
  assert(segment);
  // A ring that joins late learns of a segment from whatever event comes first.
  const bool known = !segments.empty() && segments.back() == segment;
  if (!known && !adopt(segment)) return Change::kNone;
  bool visible = !known;
  if (const auto* added = std::get_if<FramesAdded>(&event)) {
    for (; seen < added->end; ++seen) visible |= segment->frame(seen).part_end;
    visible |= too_large();
  } else if (std::holds_alternative<SegmentSealed>(event)) {
    visible = true;
  }
  if (!visible) return Change::kFrames;
  trim();
  publish();
  return Change::kVisible;
}

bool LiveRing::push(const RecordEvent& event) {
  Impl::Change change;
  {
    std::lock_guard lock(impl_->write_mutex);
    change = impl_->apply(event);
  }
  if (change != Impl::Change::kNone) impl_->wakers->wake(change == Impl::Change::kFrames);
  return change != Impl::Change::kNone;
}

void LiveRing::end() {
  {
    std::lock_guard lock(impl_->write_mutex);
    impl_->ended = true;
    impl_->publish();
  }
  impl_->wakers->wake(false);
}

void LiveRing::clear() {
  {
    std::lock_guard lock(impl_->write_mutex);
    impl_->segments.clear();
    impl_->older_bytes = 0;
    impl_->publish();
  }
  impl_->wakers->wake(false);
}

void LiveRing::configure(RingSettings settings) {
  {
    std::lock_guard lock(impl_->write_mutex);
    impl_->settings = settings;
    impl_->trim();
    impl_->publish();
  }
  impl_->wakers->wake(false);
}

RingSettings LiveRing::settings() const {
  std::lock_guard lock(impl_->write_mutex);
  return impl_->settings;
}

std::shared_ptr<const RingView> LiveRing::view() const {
  std::lock_guard lock(impl_->view_mutex);
  return impl_->view;
}

uint64_t LiveRing::version() const {
  return impl_->version.load(std::memory_order_acquire);
}

struct LiveRing::Subscription::State {
  std::weak_ptr<Wakers> wakers;
  std::shared_ptr<Waker> waker;

  ~State() {
    if (const auto list = wakers.lock()) list->remove(waker);
    waker->cancel();
  }
};

LiveRing::Subscription LiveRing::subscribe(std::function<void()> wake, bool frames) const {
  Subscription out;
  out.state_ = std::make_shared<Subscription::State>();
  out.state_->wakers = impl_->wakers;
  out.state_->waker = std::make_shared<Waker>(std::move(wake), frames);
  impl_->wakers->add(out.state_->waker);
  return out;
}

LiveRing::Subscription::Subscription(Subscription&&) noexcept = default;
LiveRing::Subscription& LiveRing::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    reset();
    state_ = std::move(other.state_);
  }
  return *this;
}
LiveRing::Subscription::~Subscription() = default;
void LiveRing::Subscription::reset() {
  state_.reset();
}

}  // namespace m4f
