#include "m4f/codec/canonical.h"

#include <cassert>

#include "m4f/codec/canonical_stream.h"

namespace m4f {

void CanonicalStream::adopt(Track next) {
  changed_ = changed_ || !ready_ || !track_.same_format(next);
  ready_ = true;
  track_ = std::move(next);
}

void CanonicalStream::add(ByteView piece) {
  if (piece.empty()) return;
  if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == piece.data())
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + piece.size()};
  else
    pieces_.push_back(piece);
}

Result<AccessUnit> CanonicalStream::canonical(ByteView access_unit) {
  pieces_.clear();
  auto unit = push(access_unit);
  if (!unit) return unit;
  unit->format_changed = std::exchange(changed_, false);
  unit->pieces = pieces_;
  for (ByteView piece : pieces_) unit->size += piece.size();
  return unit;
}

struct Canonicalizer::Impl {
  std::unique_ptr<CanonicalStream> stream;
};

namespace {

std::unique_ptr<CanonicalStream> make_stream(Codec codec) {
  switch (codec) {
    case Codec::kH264:
    case Codec::kH265:
      return make_nal_stream(codec);
    case Codec::kAac:
      return make_aac_stream();
    case Codec::kMpegAudio:
    case Codec::kAc3:
    case Codec::kEac3:
    case Codec::kOpus:
      return make_audio_stream(codec);
    case Codec::kMpeg1Video:
    case Codec::kMpeg2Video:
    case Codec::kAv1:
    case Codec::kVp8:
    case Codec::kVp9:
      return make_video_stream(codec);
  }
  assert(false);
  return nullptr;
}

}  // namespace

Canonicalizer::Canonicalizer(Codec codec) : impl_(new Impl{make_stream(codec)}) {}
Canonicalizer::~Canonicalizer() = default;
Canonicalizer::Canonicalizer(Canonicalizer&&) noexcept = default;
Canonicalizer& Canonicalizer::operator=(Canonicalizer&&) noexcept = default;

Result<void> Canonicalizer::set_config(ByteView config) {
  return impl_->stream->set_config(config);
}

void Canonicalizer::set_length_size(unsigned size) {
  assert(size >= 1 && size <= 4);
  impl_->stream->set_length_size(size);
}

void Canonicalizer::set_video_hint(uint32_t width, uint32_t height, uint32_t fps_num, uint32_t fps_den) {
  CarrierHints& hints = impl_->stream->hints;
  hints.width = width;
  hints.height = height;
  hints.fps_num = fps_den == 0 ? 0 : fps_num;
  hints.fps_den = fps_den == 0 ? 1 : fps_den;
}

void Canonicalizer::set_audio_hint(uint32_t sample_rate, uint32_t channels) {
  impl_->stream->hints.sample_rate = sample_rate;
  impl_->stream->hints.channels = channels;
}

Result<AccessUnit> Canonicalizer::push(ByteView access_unit) {
  return impl_->stream->canonical(access_unit);
}
bool Canonicalizer::ready() const {
  return impl_->stream->ready();
}
const Track& Canonicalizer::track() const {
  return impl_->stream->track();
}

}  // namespace m4f
