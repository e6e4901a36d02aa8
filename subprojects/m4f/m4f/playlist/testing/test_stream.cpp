#include "m4f/playlist/testing/test_stream.h"

#include <algorithm>
#include <cassert>

namespace m4f::testing {

Track h264_track(uint8_t number) {
  Track track{.id = {Content::kVideo, number}, .codec = Codec::kH264, .rfc6381 = "avc1.64001f"};
  track.config = {1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 2, 0x68, 0xee};
  track.width = 1280, track.height = 720;
  track.fps_num = 25;
  track.frame_duration = Ticks(3600);
  track.part_target = Ticks::from_ms(200);
  return track;
}

Track aac_track(uint8_t number, std::string_view language) {
  Track track{.id = {Content::kAudio, number}, .codec = Codec::kAac, .rfc6381 = "mp4a.40.2"};
  track.config = {0x11, 0x90};
  track.language = language;
  track.sample_rate = 48000, track.channels = 2;
  track.frame_duration = Ticks(1920);
  track.part_target = Ticks::from_ms(192);
  return track;
}

Track opus_track(uint8_t number) {
  Track track{.id = {Content::kAudio, number}, .codec = Codec::kOpus, .rfc6381 = "opus"};
  track.config = {0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0};
  track.sample_rate = 48000, track.channels = 2;
  track.frame_duration = Ticks(1800);
  track.part_target = Ticks::from_ms(200);
  return track;
}

TestStream::TestStream(std::vector<Track> tracks, RingPtr ring)
    : tracks_(std::move(tracks)), ring_(std::move(ring)) {
  next_.assign(tracks_.size(), now_);
}

void TestStream::emit(const RecordEvent& event) {
  ++version_;
  if (ring_) ring_->push(event);
}

void TestStream::open() {
  SegmentHeader header;
  header.number = number_++;
  header.start = now_;
  header.target = target_;
  header.key_start = key_start_;
  header.discontinuity = discontinuity_;
  if (discontinuity_) ++discontinuities_;
  header.discontinuity_sequence = discontinuities_;
  header.tracks = tracks_;
  header.ts.tracks.resize(tracks_.size());
  builder_ = std::make_unique<SegmentBuilder>(std::move(header));
  in_part_.assign(tracks_.size(), Ticks());
  segments_.push_back(builder_->segment());
  emit(SegmentOpened{segments_.back()});
}

void TestStream::grow(Ticks length) {
  if (!builder_) open();
  const Ticks end = now_ + length;
  while (true) {
    const auto earliest = std::min_element(next_.begin(), next_.end());
    if (*earliest >= end) break;
    const auto i = static_cast<size_t>(earliest - next_.begin());
    const Track& track = tracks_[i];
    const bool video = track.id.content == Content::kVideo;
    const SegmentPtr& segment = segments_.back();
    Frame frame;
    frame.track = static_cast<uint8_t>(i);
    frame.dts = *earliest;
    frame.duration = track.frame_duration;
    frame.key = !video || (frame.dts == segment->header().start && key_start_);
    in_part_[i] += frame.duration;
    frame.part_end = track.part_target.count > 0 && in_part_[i] + frame.duration > track.part_target;
    if (frame.part_end) in_part_[i] = Ticks();
    // One length-prefixed NAL unit for video; audio is opaque.
    Bytes payload(video ? (frame.key ? 20000 : 2000) : 250, static_cast<uint8_t>(frame.dts.count >> 4));
    if (video) {
      const auto size = static_cast<uint32_t>(payload.size() - 4);
      for (int b = 0; b < 4; ++b)
        payload[static_cast<size_t>(b)] = static_cast<uint8_t>(size >> (24 - 8 * b));
      payload[4] = frame.key ? 0x65 : 0x41;
    }
    [[maybe_unused]] const auto added = builder_->add_frame(frame, payload);
    assert(added);
    *earliest += frame.duration;
    emit(FramesAdded{segment, segment->frame_count()});
  }
  now_ = end;
}

SegmentPtr TestStream::seal() {
  const SegmentPtr segment = segments_.back();
  builder_->seal(now_ - segment->header().start);
  builder_.reset();
  emit(SegmentSealed{segment});
  discontinuity_ = false;
  key_start_ = true;
  return segment;
}

SegmentPtr TestStream::segment(Ticks duration) {
  grow(duration);
  return seal();
}

void TestStream::segments(size_t n, Ticks duration) {
  for (size_t i = 0; i < n; ++i) segment(duration);
}

void TestStream::miss(uint64_t n) {
  number_ += n;
  now_ += Ticks::from_seconds(5) * static_cast<int64_t>(n);
  next_.assign(tracks_.size(), now_);
  if (std::exchange(discontinuity_, false)) ++discontinuities_;
}

void TestStream::discontinuity(Ticks jump, std::optional<std::vector<Track>> tracks) {
  if (builder_) seal();
  if (tracks) tracks_ = std::move(*tracks);
  now_ += jump;
  next_.assign(tracks_.size(), now_);
  discontinuity_ = true;
}

void TestStream::end() {
  if (builder_) seal();
  ended_ = true;
  if (ring_) ring_->end();
}

RingView TestStream::view(size_t listed) const {
  RingView view;
  view.segments = segments_;
  view.version = version_;
  view.ended = ended_;
  const size_t sealed = segments_.size() - (builder_ ? 1 : 0);
  view.first_listed = sealed - std::min(sealed, listed);
  return view;
}

}  // namespace m4f::testing
