// Helpers of the element tests.
#pragma once

#include <gst/check/gstharness.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gstx/ptr.h"
#include "m4f/record/record.h"

namespace sluice::testing {

// One H.264 and one AAC track with valid configurations.
m4f::Track h264_track();
m4f::Track aac_track();

// A sealed segment of `seconds` with 25 pictures and 50 sounds per second; each payload says what it is ("v0
// 3"). Begins with a key frame; DTS from `start` on, pictures shown one frame later. Without `sound` there is
// no such track.
m4f::SegmentPtr make_segment(uint64_t number, m4f::Ticks start, int seconds = 1, bool sound = true);
// The events that made it, one per record.
std::vector<m4f::RecordEvent> events_of(const m4f::SegmentPtr& segment);
m4f::Bytes bytes_of(const m4f::SegmentPtr& segment);

struct HarnessDeleter {
  void operator()(GstHarness* h) const { gst_harness_teardown(h); }
};
using Harness = std::unique_ptr<GstHarness, HarnessDeleter>;

// Runs `use` with a fresh element and asserts that the element was freed with its last reference.
void expect_freed(const char* factory, const std::function<void(GstElement*)>& use);

// A pipeline of gst-launch text that runs until EOS; an element named "out" must be an appsink or absent.
struct Outcome {
  std::vector<gstx::Ptr<GstBuffer>> buffers;    // what "out" got
  std::vector<std::string> warnings, messages;  // texts of warnings; names of element messages
  std::string error;                            // empty = EOS was reached
};
Outcome run_pipeline(const std::string& text, const std::function<void(GstElement* pipeline)>& at_end = {});

// An element's class, pads and own properties as text.
std::string describe(const char* factory);
// Compares with the file `name` of plugins/testdata. `--update` writes it instead.
void expect_golden(const std::string& name, const std::string& text);

// docs/elements.md has a row for each of the element's own properties, and for no other.
void expect_documented(const char* factory);

// Up to PAUSED and down again, fifty times, then asserts that the element was freed. `prepare` sets
// properties.
void expect_survives_state_changes(const char* factory, const std::function<void(GstElement*)>& prepare = {});

// A TCP port that is free now.
unsigned free_port();

}  // namespace sluice::testing
