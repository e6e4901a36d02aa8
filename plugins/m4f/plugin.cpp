// The GStreamer plugin "m4f".
#include <gst/gst.h>

#include "m4f/elements.h"

static gboolean plugin_init(GstPlugin* plugin) {
  using namespace sluice;
  return register_mux(plugin) && register_ts_demux(plugin) && register_demux(plugin) &&
         register_sink(plugin) && register_src(plugin) && register_file_src(plugin) && register_ring_src(plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, m4f, "M4F: live media as shared segments",
                  plugin_init, PACKAGE_VERSION, "LGPL", "sluice", "https://gstreamer.freedesktop.org/")
