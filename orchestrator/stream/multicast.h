// Source-specific multicast (RFC 4607), which udpsrc 1.22 cannot join by itself.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "m4f/base/error.h"

namespace sluice::stream {

// Joins the group of a udpsrc (its address, port, multicast-iface and buffer-size) for these senders only and
// hands the element the socket. Before the element leaves NULL.
m4f::Result<void> join_from(GstElement* udpsrc, const std::vector<std::string>& senders);

}  // namespace sluice::stream
