// A segment's memory: blocks that hold whole records, and an index of its frames.
//
// The writer appends while readers look. Nothing that was published moves or changes: blocks and index chunks
// are only ever added, and each becomes visible by a release store.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "m4f/base/bytes.h"
#include "m4f/segment/segment.h"

struct XXH3_state_s;

namespace m4f {

// Anonymous pages. Only those that are written cost memory, so a block may be generous and what is left of it
// is given back: waste is under one page per block.
class PageBlock {
 public:
  explicit PageBlock(size_t capacity);
  ~PageBlock();
  PageBlock(const PageBlock&) = delete;
  PageBlock& operator=(const PageBlock&) = delete;

  uint8_t* data() const { return data_; }
  size_t left() const { return capacity_ - used_.load(std::memory_order_relaxed); }
  ByteView published() const { return {data_, used_.load(std::memory_order_acquire)}; }
  // Writer.
  void publish(size_t bytes) {
    used_.store(used_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
  }
  void trim();  // gives back the pages after the published bytes
  PageBlock* next() const { return next_.load(std::memory_order_acquire); }
  void set_next(PageBlock* next) { next_.store(next, std::memory_order_release); }

 private:
  uint8_t* data_;
  size_t capacity_;
  std::atomic<size_t> used_{0};
  std::atomic<PageBlock*> next_{nullptr};
};

class SegmentStorage {
 public:
  explicit SegmentStorage(SegmentHeader header);
  ~SegmentStorage();

  // Readers, any thread.
  const SegmentHeader& header() const { return header_; }
  size_t lead_track() const { return lead_track_; }
  size_t frame_count() const { return frame_count_.load(std::memory_order_acquire); }
  const Frame& frame(size_t i) const;
  bool sealed() const { return sealed_.load(std::memory_order_acquire); }
  Ticks duration() const { return Ticks(duration_.load(std::memory_order_acquire)); }
  size_t memory() const { return memory_.load(std::memory_order_relaxed); }
  std::vector<ByteView> records() const;
  ByteView begin_record() const { return begin_; }
  ByteView end_record() const { return end_; }

  // Writer, one thread.
  Result<std::span<uint8_t>> reserve(const Frame& frame, size_t size);
  void commit();
  void cancel();
  void seal(Ticks duration);

 private:
  // Chunk k of the index holds kFirstChunk << k frames, so that a frame is found in a step and never moves.
  static constexpr size_t kFirstChunk = 64;
  static constexpr size_t kChunks = 16;

  static size_t chunk_of(size_t i);
  Frame& slot(size_t i);
  uint8_t* room(size_t size);  // in the last block or in a new one
  void publish(size_t size);   // the bytes that room() gave
  void account();

  const SegmentHeader header_;
  const size_t lead_track_;
  ByteView begin_, end_;

  std::unique_ptr<PageBlock> first_;  // the others are owned through next()
  PageBlock* last_ = nullptr;
  size_t next_capacity_;
  size_t earlier_pages_ = 0;  // bytes of the pages of all blocks but the last
  size_t index_bytes_ = 0;
  size_t total_ = 0;  // bytes of records
  std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s*)> hash_;

  bool reserved_ = false;
  Frame pending_;

  std::array<std::atomic<Frame*>, kChunks> chunks_{};
  std::atomic<size_t> frame_count_{0};
  std::atomic<int64_t> duration_{0};
  std::atomic<bool> sealed_{false};
  std::atomic<size_t> memory_{0};
};

}  // namespace m4f
