#include <algorithm>
#include <cassert>

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/packager.h"
#include "m4f/mp4/timing.h"

namespace m4f::mp4 {
namespace {

constexpr uint32_t kMdatHeader = 8;

// One moof and what stands in its mdat: the samples of the first track, then of the second, ...
struct Fragment {
  Moof moof;
  std::vector<ByteView> samples;
  size_t payload = 0;

  size_t size() { return box_size(moof) + kMdatHeader + payload; }
};

void add_track(Fragment& out, const Segment& segment, const Part& part, size_t track, uint32_t track_id) {
  const bool video = content_of(segment.header().tracks[track].codec) == Content::kVideo;
  Traf traf;
  traf.tfhd.track_id = track_id;
  if (video) {
    traf.trun.flags |= Trun::kFlags | Trun::kCompositionOffset;
  } else {
    traf.tfhd.flags |= Tfhd::kDefaultFlags;
    traf.tfhd.default_flags = kSyncSample;
  }
  traf.trun.data_offset = static_cast<int32_t>(out.payload);  // within the mdat; see finish()

  const Frame* previous = nullptr;
  Ticks distance;
  for (size_t i = part.first; i < part.end; ++i) {
    const Frame& frame = segment.frame(i);
    if (frame.track != track) continue;
    if (!previous) {
      traf.tfdt.time = static_cast<uint64_t>(frame.dts.count);
    } else {
      distance = frame.dts - previous->dts;
      traf.trun.samples.back().duration = sample_duration(distance);
    }
    Trun::Sample sample;
    sample.size = static_cast<uint32_t>(frame.data.size());
    sample.flags = frame.key ? kSyncSample : kNonSyncSample;
    sample.composition_offset = static_cast<int32_t>(frame.cts_offset.count);  // 32 bits in the record, too
    traf.trun.samples.push_back(sample);
    out.samples.push_back(frame.data);
    out.payload += frame.data.size();
    previous = &frame;
  }
  if (!previous) return;
  traf.trun.samples.back().duration =
      sample_duration(nominal_duration(*previous, segment.header().tracks[track], distance));
  out.moof.traf.push_back(std::move(traf));
}

Fragment fragment(const Segment& segment, std::span<const size_t> selection, const Part& part, size_t index) {
  Fragment out;
  // Rises from part to part and from segment to segment (14496-12 8.8.5), and needs no memory of earlier
  // fragments.
  const uint64_t number = segment.header().number << 8 | std::min<size_t>(index, 255);
  out.moof.mfhd.sequence_number = static_cast<uint32_t>(number);
  out.samples.reserve(part.end - part.first);
  for (size_t i = 0; i < selection.size(); ++i)
    add_track(out, segment, part, selection[i], static_cast<uint32_t>(i + 1));
  const int32_t base = static_cast<int32_t>(box_size(out.moof) + kMdatHeader);
  for (Traf& traf : out.moof.traf) traf.trun.data_offset += base;
  return out;
}

void append(Bytes& out, Fragment& fragment) {
  write_box(out, fragment.moof);
  ByteWriter writer(out);
  writer.u32(kMdatHeader + fragment.payload);
  writer.u32(fourcc("mdat"));
  for (ByteView sample : fragment.samples) writer.bytes(sample);
}

}  // namespace

Bytes part(const Segment& segment, std::span<const size_t> selection, size_t part_index) {
  const std::vector<Part> all = parts(segment, selection);
  Bytes out;
  if (part_index >= all.size()) return out;
  Fragment f = fragment(segment, selection, all[part_index], part_index);
  out.reserve(f.size());
  append(out, f);
  return out;
}

Bytes package(const Segment& segment, std::span<const size_t> selection) {
  assert(segment.sealed());
  std::vector<Fragment> fragments;
  size_t size = 0;
  for (const Part& p : parts(segment, selection)) {
    fragments.push_back(fragment(segment, selection, p, fragments.size()));
    size += fragments.back().size();
  }
  Bytes out;
  out.reserve(size);  // exact: frames are copied once and nothing is cleared first
  for (Fragment& f : fragments) append(out, f);
  return out;
}

}  // namespace m4f::mp4
