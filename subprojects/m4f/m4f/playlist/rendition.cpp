#include <algorithm>

#include "m4f/mp4/packager.h"
#include "m4f/playlist/playlist.h"
#include "m4f/ts/packager.h"

namespace m4f {

bool carries(Container container, Codec codec) {
  return container == Container::kTs ? ts::carries(codec) : mp4::carries(codec);
}

std::vector<size_t> pick_tracks(const std::vector<Track>& tracks, const TrackSelection& selection,
                                Container container) {
  std::vector<size_t> picked;
  bool video = false, audio = false;
  for (size_t i = 0; i < tracks.size(); ++i) {
    const Track& track = tracks[i];
    if (!carries(container, track.codec)) continue;
    if (!selection.ids.empty()) {
      if (std::find(selection.ids.begin(), selection.ids.end(), track.id) == selection.ids.end()) continue;
    } else if (track.id.content == Content::kVideo) {
      if (std::exchange(video, true)) continue;
    } else if (track.id.content == Content::kAudio) {
      if (std::exchange(audio, true) && container == Container::kFmp4) continue;
    } else {
      continue;
    }
    picked.push_back(i);
  }
  return picked;
}

size_t lead_of(const std::vector<Track>& tracks, const std::vector<size_t>& picked) {
  for (size_t i : picked)
    if (tracks[i].id.content == Content::kVideo) return i;
  return picked.front();
}

Ticks rendition_duration(const Segment& segment, size_t lead) {
  return lead == segment.lead_track() ? segment.duration() : mp4::track_span(segment, lead).duration;
}

}  // namespace m4f
