#include "m4f/codec/parameter_sets.h"

#include <algorithm>
#include <tuple>

#include "m4f/codec/canonical_stream.h"
#include "m4f/codec/h264.h"
#include "m4f/codec/h265.h"

namespace m4f {
namespace {

// What an avcC can count (ISO/IEC 14496-15 5.3.3.1); an hvcC holds more than H.265 has ids.
constexpr size_t kMaxSps = 31, kMaxPps = 255;
constexpr size_t kMaxSetSize = 65535;

bool same(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

template <typename Sps>
void describe_picture(const Sps& sps, Track& track) {
  track.width = sps.width;
  track.height = sps.height;
  track.sar_width = sps.sar_width;
  track.sar_height = sps.sar_height;
  track.fps_num = sps.fps_num;
  track.fps_den = sps.fps_den;
}

}  // namespace

std::optional<ParameterSets::Set> ParameterSets::parse(ByteView nal) const {
  Set set{Kind::kSps, 0, 0, true, {}};
  if (h265_) {
    const uint8_t type = h265::nal_type(nal);
    if (type == h265::kVps) {
      auto vps = h265::parse_vps(nal);
      if (!vps) return std::nullopt;
      set.kind = Kind::kVps;
      set.id = vps->id;
    } else if (type == h265::kSps) {
      auto sps = h265::parse_sps(nal);
      if (!sps) return std::nullopt;
      set.id = sps->id;
    } else {
      auto pps = h265::parse_pps(nal);
      if (!pps) return std::nullopt;
      set.kind = Kind::kPps;
      set.id = pps->id;
      set.parent = pps->sps_id;
    }
  } else if (h264::nal_type(nal) == h264::kSps) {
    auto sps = h264::parse_sps(nal);
    if (!sps) return std::nullopt;
    set.id = sps->id;
  } else {
    auto pps = h264::parse_pps(nal);
    if (!pps) return std::nullopt;
    set.kind = Kind::kPps;
    set.id = pps->id;
    set.parent = pps->sps_id;
  }
  set.bytes.assign(nal.begin(), nal.end());
  return set;
}

void ParameterSets::add(ByteView nal) {
  if (nal.size() > kMaxSetSize) return;
  for (Set& known : sets_) {
    if (same(known.bytes, nal)) {
      known.fresh = true;
      return;
    }
  }
  auto set = parse(nal);
  if (!set) return;
  auto place = std::find_if(sets_.begin(), sets_.end(), [&](const Set& s) {
    return std::tuple(s.kind, s.id) >= std::tuple(set->kind, set->id);
  });
  const bool replaces = place != sets_.end() && place->kind == set->kind && place->id == set->id;
  if (replaces) {
    if (set->kind == Kind::kSps) changed_sps_ = set->id;
    *place = std::move(*set);
  } else {
    const auto count = static_cast<size_t>(
        std::count_if(sets_.begin(), sets_.end(), [&](const Set& s) { return s.kind == set->kind; }));
    if (count >= (set->kind == Kind::kPps ? kMaxPps : kMaxSps)) return;
    sets_.insert(place, std::move(*set));
  }
  dirty_ = true;
}

void ParameterSets::use_pps(uint32_t pps_id) {
  for (const Set& set : sets_) {
    if (set.kind != Kind::kPps || set.id != pps_id) continue;
    if (active_sps_ != set.parent) dirty_ = true;
    active_sps_ = set.parent;
  }
}

std::vector<ByteView> ParameterSets::all(Kind kind) const {
  std::vector<ByteView> out;
  for (const Set& set : sets_) {
    if (set.kind != kind) continue;
    // The SPS in use stands first: the configuration's profile and level are read from it.
    if (kind == Kind::kSps && active_sps_ == set.id)
      out.insert(out.begin(), set.bytes);
    else
      out.push_back(set.bytes);
  }
  return out;
}

std::optional<Track> ParameterSets::describe() const {
  const std::vector<ByteView> vps = all(Kind::kVps), sps = all(Kind::kSps), pps = all(Kind::kPps);
  if (sps.empty() || pps.empty() || (h265_ && vps.empty())) return std::nullopt;
  Track track;
  if (h265_) {
    auto parsed = h265::parse_sps(sps[0]);
    track.codec = Codec::kH265;
    track.rfc6381 = h265::rfc6381(*parsed);
    track.config = h265::make_hvcc(vps, sps, pps);
    describe_picture(*parsed, track);
  } else {
    auto parsed = h264::parse_sps(sps[0]);
    track.codec = Codec::kH264;
    track.rfc6381 = h264::rfc6381(sps[0]);
    track.config = h264::make_avcc(sps, pps);
    describe_picture(*parsed, track);
  }
  track.frame_duration = ticks_of(1, track.fps_num, track.fps_den);
  return track;
}

std::optional<Track> ParameterSets::changed_track() {
  const auto changed_sps = std::exchange(changed_sps_, std::nullopt);
  const auto belongs = [&](const Set& s) { return s.kind == Kind::kPps && s.parent == changed_sps; };
  if (changed_sps &&
      std::any_of(sets_.begin(), sets_.end(), [&](const Set& s) { return belongs(s) && s.fresh; }))
    std::erase_if(sets_, [&](const Set& s) { return belongs(s) && !s.fresh; });
  for (Set& set : sets_) set.fresh = false;
  if (!dirty_) return std::nullopt;
  auto track = describe();
  if (track) dirty_ = false;
  return track;
}

}  // namespace m4f
