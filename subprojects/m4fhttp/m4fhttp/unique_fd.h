#pragma once

#include "m4f/base/unique_fd.h"

namespace m4fhttp {

using m4f::UniqueFd;

}  // namespace m4fhttp
