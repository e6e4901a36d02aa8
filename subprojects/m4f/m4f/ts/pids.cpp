#include "m4f/ts/pids.h"

#include <algorithm>
#include <charconv>

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

Result<uint16_t> parse_pid(std::string_view text) {
  std::string_view digits = text;
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("16#")) {
    digits.remove_prefix(digits[0] == '0' ? 2 : 3);
    base = 16;
  }
  uint16_t pid = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), pid, base);
  if (failed != std::errc() || end != digits.data() + digits.size() || pid < 0x10 || pid >= kNullPid)
    return error(Errc::kInvalid, "'{}' is no PID from 16 to 8190", text);
  return pid;
}

}  // namespace

Result<void> parse_pids(std::string_view text, Options& options) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    const size_t equals = item.find('=');
    if (equals == item.npos) return error(Errc::kInvalid, "'{}' is no NAME=PID", item);
    const std::string_view name = item.substr(0, equals);
    auto pid = parse_pid(item.substr(equals + 1));
    if (!pid) return tl::unexpected(pid.error());
    if (name == "pmt") {
      options.pmt_pid = *pid;
    } else if (name == "sdt") {
      options.sdt_pid = *pid;
    } else if (name == "pcr") {
      options.pcr_pid = *pid;
    } else if (auto track = track_or_base(name)) {
      options.track_pids.push_back({*track, *pid});
    } else {
      return error(Errc::kInvalid, "'{}' is none of pmt, sdt, pcr, v1, a1, t1, v0, a0, t0", name);
    }
  }
  return {};
}

std::optional<TrackId> track_or_base(std::string_view name) {
  if (name == "v0") return TrackId{Content::kVideo, 0};
  if (name == "a0") return TrackId{Content::kAudio, 0};
  if (name == "t0") return TrackId{Content::kText, 0};
  return TrackId::parse(name);
}

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
