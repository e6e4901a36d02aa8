#include "m4f/ts/audio_assembler.h"

#include "m4f/codec/audio_frames.h"
#include "m4f/codec/opus.h"

namespace m4f::ts {
namespace {

Ticks ticks_of(int64_t samples, uint32_t rate) {
  return Ticks((samples * Ticks::kPerSecond + rate / 2) / rate);
}

}  // namespace

void AudioAssembler::on_lose() {
  synced_ = false;
  anchor_.reset();
}

void AudioAssembler::take_frames() {
  for (;;) {
    const AudioFrame frame = next_audio_frame(codec_, held(), false);
    if (frame.skip > 0 && synced_) damaged();
    consume(frame.skip);
    if (frame.size == 0) return;
    take(frame.size, frame.samples, frame.sample_rate);
  }
}

// The PES packet ends here: what it holds may be a whole frame although no other header confirms it yet.
void AudioAssembler::take_last() {
  const AudioFrame frame = next_audio_frame(codec_, held(), true);
  if (frame.size == 0 || frame.skip + frame.size != held().size() || (frame.skip > 0 && synced_)) return;
  consume(frame.skip);
  take(frame.size, frame.samples, frame.sample_rate);
}

void AudioAssembler::take(size_t size, uint32_t samples, uint32_t rate) {
  synced_ = true;
  if (auto time = take_time(0)) {
    anchor_ = time->pts;
    samples_ = 0;
  } else if (anchor_ && rate != rate_) {
    *anchor_ += ticks_of(samples_, rate_);
    samples_ = 0;
  }
  rate_ = rate;
  if (anchor_) {
    const Ticks begin = *anchor_ + ticks_of(samples_, rate),
                end = *anchor_ + ticks_of(samples_ + samples, rate);
    emit(held().first(size), {begin, begin}, end - begin);
    samples_ += samples;
  }
  consume(size);
}

void OpusAssembler::take_packets() {
  std::optional<Ticks> next;
  while (!held().empty()) {
    ByteReader in(held());
    const uint16_t head = in.u16();
    size_t size = 0;
    for (uint8_t more = 255; more == 255 && in.ok();) size += more = in.u8();
    if (head & 0x10) in.skip(2);        // start_trim
    if (head & 0x08) in.skip(2);        // end_trim
    if (head & 0x04) in.skip(in.u8());  // control_extension
    const ByteView packet = in.bytes(size);
    if (!in.ok() || (head & 0xffe0) != 0x7fe0 || size == 0) {
      damaged();
      return consume(held().size());
    }
    if (auto time = take_time(0)) next = time->pts;
    const Ticks duration(static_cast<int64_t>(opus::packet_samples(packet)) * 15 / 8);  // 48 kHz
    if (next) {
      emit(packet, {*next, *next}, duration);
      *next += duration;
    }
    consume(in.position());
  }
}

}  // namespace m4f::ts
