// What the fuzzer of the record reader does with an input; its seeds run through it in the unit tests, too.
#pragma once

#include "m4f/base/bytes.h"

namespace m4f {

// The first byte chooses how the rest is cut into pieces. Ends the process if the reader breaks a promise.
void fuzz_record(ByteView input);

}  // namespace m4f
