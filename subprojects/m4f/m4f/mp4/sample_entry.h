// How each codec is described in an init segment.
#pragma once

#include "m4f/media/track.h"
#include "m4f/mp4/boxes/sample_entry.h"

namespace m4f::mp4 {

// REQUIRES: carries(track.codec).
Stsd sample_description(const Track& track);

}  // namespace m4f::mp4
