#include "orchestrator/stream/figures.h"

#include <algorithm>
#include <string_view>

#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {
namespace {

uint64_t number(const GstStructure* stats, const char* field) {
  const GValue* value = gst_structure_get_value(stats, field);
  if (!value) return 0;
  GValue wide = G_VALUE_INIT;
  g_value_init(&wide, G_TYPE_UINT64);
  const uint64_t n = g_value_transform(value, &wide) ? g_value_get_uint64(&wide) : 0;
  g_value_unset(&wide);
  return n;
}

void add(IngestFigures& figures, std::string_view factory, const GstStructure* stats) {
  if (factory == "m4fmux") {
    figures.frames += number(stats, "video-frames") + number(stats, "audio-frames");
    figures.bytes = std::max(figures.bytes, number(stats, "bytes"));
    figures.errors.timestamps += number(stats, "timestamp-jumps") + number(stats, "timestamps-corrected");
  } else if (factory == "m4ftsdemux") {
    figures.bytes = std::max(figures.bytes, number(stats, "bytes"));
    figures.errors.continuity += number(stats, "continuity-errors");
    figures.errors.broken += number(stats, "transport-errors") + number(stats, "sync-losses") +
                             number(stats, "crc-errors") + number(stats, "broken-pes");
    figures.errors.scrambled += number(stats, "scrambled");
    figures.errors.lost_packets += number(stats, "rtp-lost");
  } else if (factory == "rtpjitterbuffer") {
    figures.errors.lost_packets += number(stats, "num-lost");
  } else if (factory == "srtsrc") {
    figures.errors.lost_packets += number(stats, "packets-received-dropped");
  }
}

}  // namespace

IngestFigures gather_figures(GstBin* pipeline) {
  IngestFigures figures;
  Ptr<GstIterator> elements(gst_bin_iterate_recurse(pipeline));
  GValue item = G_VALUE_INIT;
  for (bool more = true; more;) {
    switch (gst_iterator_next(elements.get(), &item)) {
      case GST_ITERATOR_OK: {
        auto* element = GST_ELEMENT(g_value_get_object(&item));
        GstElementFactory* factory = gst_element_get_factory(element);
        GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), "stats");
        if (factory && spec && G_PARAM_SPEC_VALUE_TYPE(spec) == GST_TYPE_STRUCTURE) {
          Ptr<GstStructure> stats;
          g_object_get(element, "stats", static_cast<GstStructure**>(out(stats)), nullptr);
          if (stats) add(figures, GST_OBJECT_NAME(factory), stats.get());
        }
        g_value_reset(&item);
        break;
      }
      case GST_ITERATOR_RESYNC:
        gst_iterator_resync(elements.get());
        figures = {};
        break;
      case GST_ITERATOR_ERROR:
      case GST_ITERATOR_DONE:
        more = false;
        break;
    }
  }
  g_value_unset(&item);
  return figures;
}

SeenFrames seen_frames(GstElement* mux) {
  Ptr<GstStructure> stats;
  g_object_get(mux, "stats", static_cast<GstStructure**>(out(stats)), nullptr);
  SeenFrames seen;
  if (!stats) return seen;
  const auto at = [&](const char* field) -> std::optional<TimePoint> {
    const uint64_t ns = number(stats.get(), field);
    if (ns == 0) return std::nullopt;
    return TimePoint(std::chrono::nanoseconds(ns));
  };
  seen.video = at("video-last");
  seen.audio = at("audio-last");
  return seen;
}

}  // namespace sluice::stream
