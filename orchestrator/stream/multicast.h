// Multicast groups of a udpsrc. Version 1.22 binds to all addresses, so that streams whose groups share a
// port would get each other's packets, and cannot join for certain senders only (RFC 4607).
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "m4f/base/error.h"

namespace sluice::stream {

// Joins the group of a udpsrc (its address, port, multicast-iface and buffer-size), for these senders only if
// some are named, and hands the element the socket. Before the element leaves NULL.
m4f::Result<void> join_group(GstElement* udpsrc, const std::vector<std::string>& senders);

}  // namespace sluice::stream
