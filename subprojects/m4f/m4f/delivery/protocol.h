// Which of the `protocols` a resource belongs to.
#pragma once

#include <string>

#include "m4f/delivery/delivery.h"
#include "m4f/delivery/route.h"

namespace m4f {

// Whether the protocols that are on include the resource. False for what a delivery does not answer itself.
bool allowed(const Route& route, const DeliveryOptions& options);
// DeliveryReply::proto.
std::string proto_of(const Route& route);

}  // namespace m4f
