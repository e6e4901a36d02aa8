#include "orchestrator/stream/output_options.h"

#include "m4f/ts/pids.h"

namespace sluice::stream {
namespace {

m4f::ts::Options ts_options(const config::Stream& config) {
  m4f::ts::Options out;
  out.title = config.title;
  out.provider = config.provider;
  out.program = config.program_id.value_or(out.program);
  const config::MpegtsPids& pids = config.mpegts_pids;
  out.pmt_pid = pids.pmt.value_or(out.pmt_pid);
  out.sdt_pid = pids.sdt.value_or(out.sdt_pid);
  out.pcr_pid = pids.pcr.value_or(out.pcr_pid);
  for (const auto& [name, pid] : pids.tracks)
    if (const auto track = m4f::ts::track_or_base(name)) out.track_pids.push_back({*track, pid});
  return out;
}

}  // namespace

m4f::DeliveryOptions delivery_options(const config::Stream& config, bool low_latency) {
  m4f::DeliveryOptions options;
  options.segment_duration = m4f::Ticks::from(config.segment_duration);
  options.hls = config.protocols.hls;
  options.cmaf = config.protocols.cmaf;
  options.dash = config.protocols.dash;
  options.tshttp = config.protocols.tshttp;
  options.player = config.protocols.player;
  options.low_latency = low_latency;
  options.title = config.title;
  options.provider = config.provider;
  options.audio_only = config.add_audio_only;
  options.url_prefix = config.url_prefix;
  options.prepush = config.prepush;
  options.ts = ts_options(config);
  return options;
}

}  // namespace sluice::stream
