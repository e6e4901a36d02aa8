#include "m4f/ordered_output.h"

#include <atomic>
#include <thread>

#include "common/event_meta.h"
#include "common/testing.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::FramesAdded;
using m4f::Ticks;

// A source pad linked to one that checks what comes.
class OrderedOutputTest : public ::testing::Test {
 protected:
  OrderedOutputTest()
      : src_(GST_PAD(gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC)))),
        sink_(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK)))),
        output_(src_.get()) {
    gst_pad_set_element_private(sink_.get(), this);
    gst_pad_set_chain_function(sink_.get(), [](GstPad* pad, GstObject*, GstBuffer* buffer) {
      return static_cast<OrderedOutputTest*>(gst_pad_get_element_private(pad))->take(Ptr<GstBuffer>(buffer));
    });
    gst_pad_set_active(sink_.get(), TRUE);
    gst_pad_set_active(src_.get(), TRUE);
    gst_pad_link(src_.get(), sink_.get());
    output_.set_flushing(false);
    output_.add(Ptr<GstEvent>(gst_event_new_stream_start("test")));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    output_.add(Ptr<GstEvent>(gst_event_new_segment(&segment)));
  }
  ~OrderedOutputTest() override {
    gst_pad_set_active(src_.get(), FALSE);
    gst_pad_set_active(sink_.get(), FALSE);
  }

  GstFlowReturn take(Ptr<GstBuffer> buffer) {
    EXPECT_FALSE(inside_.exchange(true)) << "two threads push at once";
    times_.push_back(GST_BUFFER_PTS(buffer.get()));
    inside_ = false;
    return answer_;
  }

  const Ptr<GstPad> src_, sink_;
  OrderedOutput output_;
  std::atomic<bool> inside_ = false;
  std::vector<GstClockTime> times_;
  GstFlowReturn answer_ = GST_FLOW_OK;
  const m4f::SegmentPtr segment_ = testing::make_segment(7, Ticks::from_seconds(1000));
};

TEST_F(OrderedOutputTest, ManyThreadsPushInTheOrderOfAdding) {
  constexpr uint64_t kEach = 2000;
  std::mutex order;
  uint64_t next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (uint64_t i = 0; i < kEach; ++i) {
        {
          const std::lock_guard lock(order);
          output_.add(FramesAdded{segment_, 1}, next++);
        }
        EXPECT_EQ(output_.push_all(), GST_FLOW_OK);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(times_.size(), 4 * kEach);
  for (uint64_t i = 0; i < times_.size(); ++i) ASSERT_EQ(times_[i], i);
}

TEST_F(OrderedOutputTest, DownstreamsAnswerStaysUntilAFlush) {
  answer_ = GST_FLOW_EOS;
  output_.add(FramesAdded{segment_, 1}, 0);
  EXPECT_EQ(output_.push_all(), GST_FLOW_EOS);
  output_.add(FramesAdded{segment_, 1}, 1);
  EXPECT_EQ(output_.push_all(), GST_FLOW_EOS);
  EXPECT_EQ(times_.size(), 1u);
  output_.set_flushing(true);
  EXPECT_EQ(output_.push_all(), GST_FLOW_FLUSHING);
  answer_ = GST_FLOW_OK;
  output_.set_flushing(false);
  output_.add(FramesAdded{segment_, 1}, 2);
  EXPECT_EQ(output_.push_all(), GST_FLOW_OK);
  EXPECT_EQ(times_, (std::vector<GstClockTime>{0, 2}));
}

}  // namespace
}  // namespace sluice
