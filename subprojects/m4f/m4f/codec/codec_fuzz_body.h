// What fuzz-codec does with one input; also run over the seeds by the unit tests.
//
//   byte 0       codec: index into a fixed list
//   byte 1       bit 0: length-prefixed H.26x; bit 1: cut the rest into access units every (byte 2 + 1) * 4
//   bytes byte 2, 3    unit size; size of the configuration that follows (0 = none) rest configuration, then
//   the stream
#pragma once

#include "m4f/base/bytes.h"

namespace m4f {
void fuzz_codec(ByteView input);
}
