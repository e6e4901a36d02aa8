#include "m4f/ts/pids.h"

#include <algorithm>

namespace m4f::ts {
namespace {

constexpr uint16_t kSdtPid = 0x11;

class Taken {
 public:
  uint16_t take(uint32_t wanted) {
    if (wanted < kFirstFreePid || wanted >= kNullPid) wanted = kFirstFreePid;
    while (std::find(taken_.begin(), taken_.end(), wanted) != taken_.end())
      wanted = wanted + 1 < kNullPid ? wanted + 1 : kFirstFreePid;  // far fewer are taken than there are
    taken_.push_back(static_cast<uint16_t>(wanted));
    return taken_.back();
  }

 private:
  std::vector<uint16_t> taken_;
};

const TrackPid* find(const Options& options, TrackId id) {
  for (const TrackPid& asked : options.track_pids)
    if (asked.track == id) return &asked;
  return nullptr;
}

}  // namespace

PidPlan plan_pids(const std::vector<Track>& tracks, const Options& options) {
  PidPlan plan;
  Taken taken;
  plan.pmt = taken.take(options.pmt_pid);
  // The SDT's own PID, and the others that EN 300 468 reserves, are no place for media.
  plan.sdt = options.sdt_pid < kFirstFreePid ? (options.sdt_pid ? options.sdt_pid : kSdtPid)
                                             : taken.take(options.sdt_pid);
  plan.tracks.resize(tracks.size());
  std::vector<bool> done(tracks.size());
  const auto pass = [&](auto&& wanted) {
    for (size_t i = 0; i < tracks.size(); ++i) {
      if (done[i]) continue;
      const uint32_t pid = wanted(i);
      if (pid == 0) continue;
      plan.tracks[i] = taken.take(pid);
      done[i] = true;
    }
  };
  // Explicit ones first, so that a base never pushes them away.
  pass([&](size_t i) -> uint32_t {
    const TrackPid* asked = find(options, tracks[i].id);
    return asked ? asked->pid : 0;
  });
  pass([&](size_t i) -> uint32_t {
    const TrackPid* base = find(options, TrackId{tracks[i].id.content, 0});
    return base ? uint32_t{base->pid} + tracks[i].id.number : 0;
  });
  pass([&](size_t i) -> uint32_t { return options.first_pid + static_cast<uint32_t>(i); });
  return plan;
}

}  // namespace m4f::ts
