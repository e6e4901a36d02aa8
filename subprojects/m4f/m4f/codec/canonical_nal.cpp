// H.264 and H.265 to length-prefixed access units without parameter sets.
#include <array>

#include "m4f/codec/canonical_stream.h"
#include "m4f/codec/h264.h"
#include "m4f/codec/h265.h"
#include "m4f/codec/parameter_sets.h"

namespace m4f {
namespace {

constexpr unsigned kLengthSize = 4;
constexpr size_t kMaxUnits = 4096;  // of one access unit; a picture has at most some hundred slices

class NalStream : public CanonicalStream {
 public:
  explicit NalStream(Codec codec) : h265_(codec == Codec::kH265), sets_(codec) {}

  Result<void> set_config(ByteView config) override {
    if (h265_) {
      auto hvcc = h265::parse_hvcc(config);
      if (!hvcc) return tl::unexpected(std::move(hvcc.error()).within("hvcC"));
      length_size_ = hvcc->length_size;
      for (const auto* list : {&hvcc->vps, &hvcc->sps, &hvcc->pps})
        for (ByteView nal : *list) add_set(nal);
    } else {
      auto avcc = h264::parse_avcc(config);
      if (!avcc) return tl::unexpected(std::move(avcc.error()).within("avcC"));
      length_size_ = avcc->length_size;
      for (const auto* list : {&avcc->sps, &avcc->pps})
        for (ByteView nal : *list) add_set(nal);
    }
    take_track();
    return {};
  }

  void set_length_size(unsigned size) override { length_size_ = size; }

  Result<AccessUnit> push(ByteView access_unit) override {
    units_.clear();
    key264_ = {};
    slices_ = key_ = false;
    ByteView nal;
    if (length_size_ == 0) {
      AnnexBReader reader(access_unit);
      while (reader.next(nal)) take(nal);
    } else {
      LengthPrefixedReader reader(access_unit, length_size_);
      while (reader.next(nal)) take(nal);
      if (!reader.ok()) return error(Errc::kTruncated, "a NAL unit ends behind its access unit");
    }
    if (units_.size() > kMaxUnits)
      return error(Errc::kLimit, "{} NAL units in one access unit", units_.size());
    take_track();
    AccessUnit out;
    out.key = h265_ ? key_ : key264_.key();
    if (!slices_) return out;  // parameter sets or SEI alone are no picture
    prefixes_.resize(units_.size());
    for (size_t i = 0; i < units_.size(); ++i) {
      const ByteView unit = units_[i];
      if (length_size_ == kLengthSize) {
        add({unit.data() - kLengthSize, unit.size() + kLengthSize});
        continue;
      }
      for (unsigned b = 0; b < kLengthSize; ++b)
        prefixes_[i][b] = static_cast<uint8_t>(unit.size() >> (24 - 8 * b));
      add(prefixes_[i]);
      add(unit);
    }
    return out;
  }

 private:
  void add_set(ByteView nal) {
    if (is_set(nal)) sets_.add(nal);
  }

  bool is_set(ByteView nal) const {
    const uint8_t type = h265_ ? h265::nal_type(nal) : h264::nal_type(nal);
    return h265_ ? type >= h265::kVps && type <= h265::kPps : type == h264::kSps || type == h264::kPps;
  }

  void take(ByteView nal) { h265_ ? take_h265(nal) : take_h264(nal); }

  void take_h264(ByteView nal) {
    const uint8_t type = h264::nal_type(nal);
    if (is_set(nal)) return sets_.add(nal);
    if (type == h264::kAud || type == h264::kEndOfSequence || type == h264::kEndOfStream ||
        type == h264::kFiller)
      return;
    if (h264::is_slice(type)) {
      if (!slices_)
        if (auto slice = h264::parse_slice_header(nal)) sets_.use_pps(slice->pps_id);
      slices_ = true;
    }
    key264_.add(nal);
    units_.push_back(nal);
  }

  void take_h265(ByteView nal) {
    if (nal.size() < 2) return;
    const uint8_t type = h265::nal_type(nal);
    const bool base_layer = ((nal[0] & 1) << 5 | nal[1] >> 3) == 0;
    if (base_layer && is_set(nal)) return sets_.add(nal);
    if (type >= h265::kAud && type <= h265::kFiller) return;
    if (base_layer && h265::is_slice(type)) {
      if (!slices_) {
        key_ = h265::is_irap(type);
        BitReader in(nal.subspan(2), true);  // slice_segment_header(), 7.3.6.1
        in.skip(h265::is_irap(type) ? 2 : 1);
        const uint32_t pps_id = in.ue();
        if (in.ok()) sets_.use_pps(pps_id);
      }
      slices_ = true;
    }
    units_.push_back(nal);
  }

  void take_track() {
    auto next = sets_.changed_track();
    if (!next) return;
    if (next->fps_num == 0) {
      next->fps_num = hints.fps_num;
      next->fps_den = hints.fps_den;
      next->frame_duration = ticks_of(1, next->fps_num, next->fps_den);
    }
    adopt(std::move(*next));
  }

  const bool h265_;
  ParameterSets sets_;
  unsigned length_size_ = 0;  // 0 = byte stream
  std::vector<ByteView> units_;
  std::vector<std::array<uint8_t, kLengthSize>> prefixes_;
  h264::KeyDetector key264_;
  bool slices_ = false, key_ = false;  // of the access unit at hand
};

}  // namespace

std::unique_ptr<CanonicalStream> make_nal_stream(Codec codec) {
  return std::make_unique<NalStream>(codec);
}

}  // namespace m4f
