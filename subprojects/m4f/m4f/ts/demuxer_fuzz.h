// What the fuzzer of the demuxer does with an input; its seeds run through it in the unit tests, too.
#pragma once

#include "m4f/base/bytes.h"

namespace m4f::ts {

// The first byte chooses how the rest is cut into pieces; its highest bit, that they are datagrams. Ends the
// process if the demuxer breaks a promise.
void fuzz_demuxer(ByteView input);

}  // namespace m4f::ts
