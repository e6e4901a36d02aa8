#include "m4f/record/segment_storage.h"

#include <sys/mman.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

#include "m4f/record/format.h"

namespace m4f {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kFirstBlock = 256 << 10;
constexpr size_t kLargestBlock = 4 << 20;  // larger only for a larger frame

constexpr size_t whole_pages(size_t bytes) {
  return (bytes + kPage - 1) & ~(kPage - 1);
}

size_t find_lead(const std::vector<Track>& tracks) {
  const auto video =
      std::ranges::find_if(tracks, [](const Track& t) { return t.id.content == Content::kVideo; });
  return video == tracks.end() ? 0 : static_cast<size_t>(video - tracks.begin());
}

}  // namespace

PageBlock::PageBlock(size_t capacity) : capacity_(whole_pages(capacity)) {
  void* pages = mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  // A huge page would make a small segment cost 2 MB.
  madvise(pages, capacity_, MADV_NOHUGEPAGE);
  data_ = static_cast<uint8_t*>(pages);
}

PageBlock::~PageBlock() {
  if (capacity_ > 0) munmap(data_, capacity_);
}

void PageBlock::trim() {
  const size_t keep = whole_pages(used_.load(std::memory_order_relaxed));
  if (keep == capacity_) return;
  munmap(data_ + keep, capacity_ - keep);
  capacity_ = keep;
}

SegmentStorage::SegmentStorage(SegmentHeader header)
    : header_(format::fit(std::move(header))),
      lead_track_(find_lead(header_.tracks)),
      next_capacity_(kFirstBlock),
      hash_(XXH3_createState(), [](XXH3_state_s* s) { XXH3_freeState(s); }) {
  if (!hash_) throw std::bad_alloc();
  XXH3_64bits_reset(hash_.get());
  const Bytes begin = format::write_begin(header_);
  const size_t size = format::padded(begin.size());
  uint8_t* to = room(size);
  std::ranges::copy(begin, to);
  begin_ = {to, size};
  publish(size);
}

SegmentStorage::~SegmentStorage() {
  for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  for (PageBlock* block = first_ ? first_->next() : nullptr; block;) {
    PageBlock* next = block->next();
    delete block;
    block = next;
  }
}

size_t SegmentStorage::chunk_of(size_t i) {
  return static_cast<size_t>(std::bit_width(i / kFirstChunk + 1)) - 1;
}

const Frame& SegmentStorage::frame(size_t i) const {
  assert(i < frame_count());
  const size_t chunk = chunk_of(i);
  // Acquired with frame_count().
  return chunks_[chunk].load(std::memory_order_relaxed)[i + kFirstChunk - (kFirstChunk << chunk)];
}

Frame& SegmentStorage::slot(size_t i) {
  const size_t chunk = chunk_of(i);
  Frame* frames = chunks_[chunk].load(std::memory_order_relaxed);
  if (!frames) {
    frames = new Frame[kFirstChunk << chunk];
    index_bytes_ += (kFirstChunk << chunk) * sizeof(Frame);
    chunks_[chunk].store(frames, std::memory_order_relaxed);  // published by frame_count_
  }
  return frames[i + kFirstChunk - (kFirstChunk << chunk)];
}

std::vector<ByteView> SegmentStorage::records() const {
  std::vector<ByteView> out;
  for (const PageBlock* block = first_.get(); block; block = block->next())
    if (const ByteView bytes = block->published(); !bytes.empty()) out.push_back(bytes);
  return out;
}

uint8_t* SegmentStorage::room(size_t size) {
  if (!last_ || last_->left() < size) {
    auto block = std::make_unique<PageBlock>(std::max(next_capacity_, size));
    next_capacity_ = std::min(next_capacity_ * 2, kLargestBlock);
    if (last_) {
      last_->trim();
      earlier_pages_ += whole_pages(last_->published().size());
      PageBlock* added = block.release();
      last_->set_next(added);
      last_ = added;
    } else {
      first_ = std::move(block);
      last_ = first_.get();
    }
  }
  return last_->data() + last_->published().size();
}

void SegmentStorage::publish(size_t size) {
  if (hash_) XXH3_64bits_update(hash_.get(), last_->data() + last_->published().size(), size);
  total_ += size;
  last_->publish(size);
  account();
}

void SegmentStorage::account() {
  const size_t pages = earlier_pages_ + whole_pages(last_->published().size());
  memory_.store(pages + index_bytes_ + sizeof(*this), std::memory_order_relaxed);
}

Result<std::span<uint8_t>> SegmentStorage::reserve(const Frame& frame, size_t size) {
  assert(!reserved_ && !sealed());
  if (auto ok = format::check_frame(header_, frame, size); !ok) return tl::unexpected(std::move(ok.error()));
  const size_t record = format::padded(format::kFrameHead + size);
  if (total_ + record > kMaxSegmentSize || frame_count_.load(std::memory_order_relaxed) >= format::kMaxFrames)
    return error(Errc::kLimit, "segment {} is full", header_.number);
  uint8_t* to = room(record);
  std::ranges::copy(format::write_frame_head(frame, size), to);
  std::fill(to + format::kFrameHead + size, to + record, uint8_t{0});
  pending_ = frame;
  pending_.data = {to + format::kFrameHead, size};
  reserved_ = true;
  return std::span<uint8_t>(to + format::kFrameHead, size);
}

void SegmentStorage::commit() {
  assert(reserved_);
  reserved_ = false;
  const size_t i = frame_count_.load(std::memory_order_relaxed);
  slot(i) = pending_;
  publish(format::padded(format::kFrameHead + pending_.data.size()));
  if (pending_.track == lead_track_) {
    const Ticks end = pending_.dts + pending_.duration - header_.start;
    duration_.store(std::max<int64_t>(end.count, 0), std::memory_order_release);
  }
  frame_count_.store(i + 1, std::memory_order_release);
}

void SegmentStorage::cancel() {
  reserved_ = false;
}

void SegmentStorage::seal(Ticks duration) {
  assert(!reserved_ && !sealed());
  duration.count = std::clamp<int64_t>(duration.count, 0, format::kMaxDistance);
  format::SegmentEnd fields = {duration, frame_count_.load(std::memory_order_relaxed), 0};
  XXH3_64bits_update(hash_.get(), format::write_end(fields).data(), format::kEndSummed);
  fields.checksum = XXH3_64bits_digest(hash_.get());
  hash_.reset();
  const auto end = format::write_end(fields);
  uint8_t* to = room(end.size());
  std::ranges::copy(end, to);
  end_ = {to, end.size()};
  publish(end.size());
  last_->trim();
  duration_.store(duration.count, std::memory_order_release);
  sealed_.store(true, std::memory_order_release);
}

}  // namespace m4f
