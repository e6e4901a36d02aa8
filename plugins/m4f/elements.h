// The elements of the m4f plugin, for plugin.cpp.
#pragma once

#include <gst/gst.h>

namespace sluice {

bool register_mux(GstPlugin* plugin);
bool register_ts_demux(GstPlugin* plugin);
bool register_demux(GstPlugin* plugin);
bool register_sink(GstPlugin* plugin);
bool register_src(GstPlugin* plugin);
bool register_file_src(GstPlugin* plugin);
bool register_ring_src(GstPlugin* plugin);

}  // namespace sluice
