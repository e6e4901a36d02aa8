#include <algorithm>
#include <cassert>

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/packager.h"
#include "m4f/mp4/timing.h"

namespace m4f::mp4 {
namespace {

constexpr uint32_t kMdatHeader = 8;

// The samples of a segment as fragments. Samples of all fragments stand in one array each, so that few
// allocations are made whatever the number of parts.
class Fragments {
 public:
  Fragments(const Segment& segment, std::span<const size_t> selection, size_t frames)
      : segment_(segment), selection_(selection) {
    samples_.reserve(frames);
    data_.reserve(frames);
  }

  void add(const Part& part, size_t index) {
    Fragment out;
    // Rises from part to part and from segment to segment (14496-12 8.8.5), and needs no memory of earlier
    // fragments.
    const uint64_t number = segment_.header().number << 8 | std::min<size_t>(index, 255);
    out.moof.mfhd.sequence_number = static_cast<uint32_t>(number);
    out.moof.traf.reserve(selection_.size());
    const size_t first = data_.size();
    for (size_t i = 0; i < selection_.size(); ++i)
      add_track(out, part, selection_[i], static_cast<uint32_t>(i + 1));
    out.data = std::span(data_).subspan(first);
    out.moof_size = box_size(out.moof);
    for (Traf& traf : out.moof.traf)
      traf.trun.data_offset += static_cast<int32_t>(out.moof_size + kMdatHeader);
    size_ += out.moof_size + kMdatHeader + out.payload;
    all_.push_back(std::move(out));
  }

  // One allocation of the exact size, and one copy of each frame.
  Bytes bytes() {
    Bytes out;
    out.reserve(size_);
    for (Fragment& f : all_) {
      const size_t at = out.size();
      out.resize(at + f.moof_size);
      BoxWriter(std::span(out).subspan(at)).box(f.moof);
      ByteWriter writer(out);
      writer.u32(kMdatHeader + f.payload);
      writer.u32(fourcc("mdat"));
      for (ByteView sample : f.data) writer.bytes(sample);
    }
    return out;
  }

 private:
  // One moof and what stands in its mdat: the samples of the first track, then of the second, ...
  struct Fragment {
    Moof moof;
    size_t moof_size = 0, payload = 0;
    std::span<const ByteView> data;
  };

  void add_track(Fragment& out, const Part& part, size_t track, uint32_t track_id) {
    const bool video = content_of(segment_.header().tracks[track].codec) == Content::kVideo;
    const size_t first = samples_.size(), before = out.payload;
    const Frame* first_frame = nullptr;
    const Frame* previous = nullptr;
    Ticks distance;
    for (size_t i = part.first; i < part.end; ++i) {
      const Frame& frame = segment_.frame(i);
      if (frame.track != track) continue;
      if (!previous) {
        first_frame = &frame;
      } else {
        distance = frame.dts - previous->dts;
        samples_.back().duration = sample_duration(distance);
      }
      samples_.push_back({.duration = 0,
                          .size = static_cast<uint32_t>(frame.data.size()),
                          .flags = frame.key ? kSyncSample : kNonSyncSample,
                          // 32 bits in the record, too
                          .composition_offset = static_cast<int32_t>(frame.cts_offset.count)});
      data_.push_back(frame.data);
      out.payload += frame.data.size();
      previous = &frame;
    }
    if (!previous) return;
    samples_.back().duration =
        sample_duration(nominal_duration(*previous, segment_.header().tracks[track], distance));

    Traf& traf = out.moof.traf.emplace_back();
    traf.tfhd.track_id = track_id;
    traf.tfdt.time = static_cast<uint64_t>(first_frame->dts.count);
    traf.trun.data_offset =
        static_cast<int32_t>(before);  // within the mdat until the size of the moof is known
    traf.trun.samples = std::span(samples_).subspan(first);
    if (video) {
      traf.trun.flags |= Trun::kFlags | Trun::kCompositionOffset;
    } else {
      traf.tfhd.flags |= Tfhd::kDefaultFlags;
      traf.tfhd.default_flags = kSyncSample;
    }
  }

  const Segment& segment_;
  const std::span<const size_t> selection_;
  std::vector<TrunSample> samples_;  // never grow beyond what was reserved: spans point into them
  std::vector<ByteView> data_;
  std::vector<Fragment> all_;
  size_t size_ = 0;
};

}  // namespace

Bytes part(const Segment& segment, std::span<const size_t> selection, size_t part_index) {
  const std::vector<Part> all = parts(segment, selection);
  if (part_index >= all.size()) return {};
  const Part& wanted = all[part_index];
  Fragments fragments(segment, selection, wanted.end - wanted.first);
  fragments.add(wanted, part_index);
  return fragments.bytes();
}

Bytes package(const Segment& segment, std::span<const size_t> selection) {
  assert(segment.sealed());
  Fragments fragments(segment, selection, segment.frame_count());
  size_t index = 0;
  for (const Part& p : parts(segment, selection)) fragments.add(p, index++);
  return fragments.bytes();
}

}  // namespace m4f::mp4
