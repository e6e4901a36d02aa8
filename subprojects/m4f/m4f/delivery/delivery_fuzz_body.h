// What the fuzzer of delivery and the test of its seeds run.
#pragma once

#include "m4f/base/bytes.h"

namespace m4f::testing {

// `input`: a path below the server's root, then (after a line end) a query.
void ask_delivery(ByteView input);

}  // namespace m4f::testing
