#include <algorithm>
#include <cstdlib>
#include <set>

#include "m4f/record/record.h"
#include "m4f/record/record_fuzz.h"

namespace m4f {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

// Looks at everything a packager would; the sanitizers notice what must not be there.
void walk(const Segment& s) {
  require(s.header().tracks.size() <= kMaxTracks && s.lead_track() < s.header().tracks.size());
  uint8_t sum = 0;
  for (size_t i = 0; i < s.frame_count(); ++i) {
    const Frame& f = s.frame(i);
    require(f.track < s.header().tracks.size());
    sum ^= static_cast<uint8_t>(f.pts().to_ns() ^ (f.dts + f.duration - s.header().start).to_ns());
    for (uint8_t byte : f.data) sum ^= byte;
  }
  volatile uint8_t sink = sum;
  (void)sink;
}

std::vector<RecordEvent> read_all(const std::vector<ByteView>& pieces, bool& ok) {
  RecordReader reader;
  std::vector<RecordEvent> out;
  for (ByteView piece : pieces) ok = reader.feed(piece, out).has_value() && ok;
  reader.finish(out);
  return out;
}

// What was read writes records that read the same.
void check_sealed(const Segment& s) {
  bool ok = true;
  const auto events = read_all(s.records(), ok);
  require(ok && events.size() == s.frame_count() + 2);
  const auto* sealed = std::get_if<SegmentSealed>(&events.back());
  require(sealed && sealed->segment->header() == s.header() && sealed->segment->duration() == s.duration());
  require(std::ranges::equal(sealed->segment->end_record(), s.end_record()));
}

}  // namespace

void fuzz_record(ByteView input) {
  if (input.empty()) return;
  const size_t piece = input[0] ? input[0] : input.size();
  std::vector<ByteView> pieces;
  for (ByteView rest = input.subspan(1); !rest.empty(); rest = rest.subspan(pieces.back().size()))
    pieces.push_back(rest.first(std::min(piece, rest.size())));
  bool ok = true;
  std::set<const Segment*> sealed;
  for (const RecordEvent& event : read_all(pieces, ok)) {
    if (const auto* added = std::get_if<FramesAdded>(&event)) {
      require(added->end > 0 && added->end <= added->segment->frame_count());
    } else if (const auto* end = std::get_if<SegmentSealed>(&event)) {
      require(sealed.insert(end->segment.get()).second && end->segment->sealed());
      walk(*end->segment);
      check_sealed(*end->segment);
    } else {
      walk(*std::get<SegmentOpened>(event).segment);
    }
  }
}

}  // namespace m4f
