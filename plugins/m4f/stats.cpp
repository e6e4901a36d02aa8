#include "m4f/stats.h"

#include <string>

namespace sluice {

using gstx::Ptr;
using m4f::Track;

Ptr<GstStructure> stats_structure(const MuxStats& s) {
  return Ptr<GstStructure>(gst_structure_new(
      "m4fmux-stats", "frames", G_TYPE_UINT64, s.segmenter.frames, "bytes", G_TYPE_UINT64, s.segmenter.bytes,
      "segments", G_TYPE_UINT64, s.segments, "last-dts", G_TYPE_INT64, s.last_dts.count, "timestamp-jumps",
      G_TYPE_UINT64, s.segmenter.timestamp_jumps, "timestamps-corrected", G_TYPE_UINT64,
      s.segmenter.timestamps_corrected, "frames-dropped", G_TYPE_UINT64,
      s.segmenter.frames_dropped + s.unusable, "forced-cuts", G_TYPE_UINT64, s.segmenter.forced_cuts,
      "drift-ppm", G_TYPE_INT64, s.segmenter.drift_ppm, "video-frames", G_TYPE_UINT64, s.video.frames,
      "video-last", G_TYPE_UINT64, static_cast<guint64>(s.video.last.count()), "audio-frames", G_TYPE_UINT64,
      s.audio.frames, "audio-last", G_TYPE_UINT64, static_cast<guint64>(s.audio.last.count()), nullptr));
}

Ptr<GstStructure> stats_structure(const m4f::ts::DemuxerStats& s) {
  return Ptr<GstStructure>(gst_structure_new(
      "m4ftsdemux-stats", "packets", G_TYPE_UINT64, s.packets, "bytes", G_TYPE_UINT64, s.bytes,
      "continuity-errors", G_TYPE_UINT64, s.continuity_errors, "transport-errors", G_TYPE_UINT64,
      s.transport_errors, "sync-losses", G_TYPE_UINT64, s.sync_losses, "crc-errors", G_TYPE_UINT64,
      s.crc_errors, "broken-pes", G_TYPE_UINT64, s.broken_pes, "scrambled", G_TYPE_UINT64, s.scrambled,
      "rtp-lost", G_TYPE_UINT64, s.rtp_lost, "pat-count", G_TYPE_UINT64, s.pat_count, "pmt-count",
      G_TYPE_UINT64, s.pmt_count, nullptr));
}

Ptr<GstStructure> tracks_structure(const m4f::SegmentHeader& header) {
  GValue tracks = G_VALUE_INIT;
  g_value_init(&tracks, GST_TYPE_ARRAY);
  for (const Track& track : header.tracks) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_STRUCTURE);
    const std::string codec(m4f::codec_name(track.codec));
    g_value_take_boxed(
        &value,
        gst_structure_new("track", "id", G_TYPE_STRING, track.id.text().c_str(), "codec", G_TYPE_STRING,
                          codec.c_str(), "rfc6381", G_TYPE_STRING, track.rfc6381.c_str(), "language",
                          G_TYPE_STRING, track.language.c_str(), "width", G_TYPE_UINT, track.width, "height",
                          G_TYPE_UINT, track.height, "sample-rate", G_TYPE_UINT, track.sample_rate,
                          "channels", G_TYPE_UINT, track.channels, nullptr));
    gst_value_array_append_and_take_value(&tracks, &value);
  }
  Ptr<GstStructure> structure(
      gst_structure_new("m4f-tracks", "segment", G_TYPE_UINT64, header.number, nullptr));
  gst_structure_take_value(structure.get(), "tracks", &tracks);
  return structure;
}

Ptr<GstStructure> unsupported_structure(uint16_t pid, uint8_t stream_type, std::string_view what) {
  const std::string text(what);
  return Ptr<GstStructure>(gst_structure_new("m4f-unsupported", "pid", G_TYPE_UINT, static_cast<guint>(pid),
                                             "stream-type", G_TYPE_UINT, static_cast<guint>(stream_type),
                                             "what", G_TYPE_STRING, text.c_str(), nullptr));
}

}  // namespace sluice
