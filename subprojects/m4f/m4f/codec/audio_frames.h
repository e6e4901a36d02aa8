// Finds whole audio frames in a byte stream: ADTS, MPEG-1/2 audio, AC-3, E-AC-3.
#pragma once

#include "m4f/media/track.h"

namespace m4f {

struct AudioFrame {
  size_t skip = 0;  // bytes before it that belong to no frame
  size_t size = 0;  // 0 = no whole frame yet: drop `skip` bytes, keep the rest and come again with more
  uint32_t samples = 0;
  uint32_t sample_rate = 0;  // of the `samples`
};

// The first frame in `in`. A sync word counts if its header is valid and, where enough bytes are there,
// another header follows at the frame's end. `at_end` = nothing will follow: a whole last frame is taken
// without that. An E-AC-3 frame is a whole access unit: an independent substream and the ones that depend on
// it. REQUIRES: codec is kAac (ADTS), kMpegAudio, kAc3 or kEac3.
AudioFrame next_audio_frame(Codec codec, ByteView in, bool at_end);

}  // namespace m4f
