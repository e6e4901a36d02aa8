#include "m4f/ts/program.h"

#include <algorithm>

#include "m4f/ts/pids.h"
#include "m4f/ts/psi.h"

namespace m4f::ts {

Program::Program(const SegmentHeader& header, const Options& options, Clock where) {
  const PidPlan pids = plan_pids(header.tracks, options);
  for (size_t i = 0; i < header.tracks.size(); ++i)
    streams.emplace_back(header.tracks[i]).pid = pids.tracks[i];
  std::vector<size_t> carried;
  const auto select = [&](size_t i) {
    if (streams[i].selected || !streams[i].layout.carried()) return;
    streams[i].selected = true;
    carried.push_back(i);
  };
  if (options.tracks.ids.empty())
    for (size_t i = 0; i < streams.size(); ++i) select(i);
  for (const TrackId& id : options.tracks.ids)
    for (size_t i = 0; i < streams.size(); ++i)
      if (header.tracks[i].id == id) select(i);

  auto found = std::find_if(carried.begin(), carried.end(),
                            [&](size_t i) { return header.tracks[i].id.content == Content::kVideo; });
  if (found == carried.end()) found = carried.begin();
  if (found != carried.end()) {
    clock = *found;
    pcr_pid = streams[clock].pid;
    const uint16_t asked = options.pcr_pid;
    if (asked >= kFirstFreePid && asked < kNullPid && asked != pids.pmt && asked != pids.sdt) {
      const auto owner = std::find(pids.tracks.begin(), pids.tracks.end(), asked);
      const auto i = static_cast<size_t>(owner - pids.tracks.begin());
      if (owner == pids.tracks.end()) {
        pcr_pid = asked;
        clock_is_apart = true;
      } else if (streams[i].selected) {
        pcr_pid = asked;
        clock = i;
      }
    }
    streams[clock].pcr = where == Clock::kInFrames && !clock_is_apart;
  }
  for (size_t i = 0; i < streams.size() && i < header.ts.tracks.size(); ++i)
    streams[i].counter = streams[i].pcr ? header.ts.tracks[i].with_pcr : header.ts.tracks[i].plain;

  std::vector<PmtStream> listed;
  for (size_t i : carried) listed.push_back({&header.tracks[i], streams[i].pid});
  pat = pat_packets(options, pids.pmt);
  pmt = pmt_packets(options, pids.pmt, pcr_pid, listed);
  sdt = sdt_packets(options, pids.sdt);
}

}  // namespace m4f::ts
