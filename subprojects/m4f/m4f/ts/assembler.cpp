#include "m4f/ts/assembler.h"

#include <algorithm>

#include "m4f/segment/segment.h"
#include "m4f/ts/audio_assembler.h"
#include "m4f/ts/video_assembler.h"

namespace m4f::ts {

void Assembler::begin_pes(std::optional<Timestamps> time, std::optional<size_t> length) {
  waiting_ = false;
  if (!marks_.empty() && marks_.back().at == held_.size()) marks_.pop_back();  // an empty PES packet
  marks_.push_back({held_.size(), time.value_or(Timestamps()), time.has_value()});
  on_begin_pes(length);
}

void Assembler::add(ByteView payload) {
  if (waiting_ || payload.empty()) return;
  if (held_.size() + payload.size() > kMaxFrameSize) {
    damaged();
    return lose();
  }
  held_.insert(held_.end(), payload.begin(), payload.end());
  on_data();
}

void Assembler::end_pes() {
  if (!waiting_) on_end_pes();
}

void Assembler::lose() {
  held_.clear();
  marks_.clear();
  waiting_ = true;
  discont_ = true;
  on_lose();
}

void Assembler::flush() {
  if (!waiting_) on_flush();
  held_.clear();
  marks_.clear();
  waiting_ = true;
}

void Assembler::consume(size_t n) {
  if (n == 0) return;
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(n));
  // The newest mark at or before the new front still holds for a unit that begins there.
  size_t drop = 0;
  while (drop + 1 < marks_.size() && marks_[drop + 1].at <= n) ++drop;
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<ptrdiff_t>(drop));
  for (Mark& mark : marks_) mark.at = mark.at > n ? mark.at - n : 0;
}

std::optional<Timestamps> Assembler::take_time(size_t at) {
  for (size_t i = marks_.size(); i-- > 0;) {
    if (marks_[i].at > at) continue;
    if (!marks_[i].has_time) return std::nullopt;
    marks_[i].has_time = false;
    return marks_[i].time;
  }
  return std::nullopt;
}

void Assembler::emit(ByteView data, Timestamps time, Ticks duration) {
  output_({data, time, duration, discont_});
  discont_ = false;
}

std::unique_ptr<Assembler> make_assembler(Codec codec, Assembler::Output output, uint64_t& broken) {
  if (content_of(codec) == Content::kVideo)
    return std::make_unique<VideoAssembler>(codec, std::move(output), broken);
  if (codec == Codec::kOpus) return std::make_unique<OpusAssembler>(std::move(output), broken);
  return std::make_unique<AudioAssembler>(codec, std::move(output), broken);
}

}  // namespace m4f::ts
