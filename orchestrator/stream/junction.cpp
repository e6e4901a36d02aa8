#include "orchestrator/stream/junction.h"

namespace sluice::stream {

void Junction::take_over(const std::shared_ptr<Seat>& seat) {
  {
    std::lock_guard lock(mutex_);
    if (seat->left_ || current_ == seat) return;
    if (current_) g_object_set(current_->mux_.get(), "hold", TRUE, nullptr);
    seat->ticket_ = spine_->new_ticket();
    current_ = seat;
  }
  seat->began_();
}

void Junction::leave(const std::shared_ptr<Seat>& seat) {
  std::lock_guard lock(mutex_);
  seat->left_ = true;
  if (current_ != seat) return;
  g_object_set(seat->mux_.get(), "hold", TRUE, nullptr);
  current_.reset();
}

void Junction::push(const Seat& seat, GstBuffer* buffer) {
  const uint64_t ticket = seat.ticket_;
  if (ticket == 0) return gst_buffer_unref(buffer);
  spine_->push(ticket, buffer);
}

}  // namespace sluice::stream
