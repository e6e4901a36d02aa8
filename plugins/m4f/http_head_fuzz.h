// The body of fuzz-m4f-http; the unit tests run its seeds through it.
#pragma once

#include "m4f/base/bytes.h"

namespace sluice {
void fuzz_http_head(m4f::ByteView input);
}
