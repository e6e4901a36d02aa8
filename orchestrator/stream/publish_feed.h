// Published bytes on their way into an ingest.
#pragma once

#include <gst/app/gstappsrc.h>

#include <memory>

#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/gst_ptr.h"
#include "orchestrator/stream/publication.h"

namespace sluice::stream {

// The pipeline with an appsrc in the place of the element "source", ready for a PublishFeed.
plan::Pipeline with_publish_source(plan::Pipeline pipeline);

// Holds a megabyte at most: more is not asked for before half of it is used up.
class PublishFeed final : public PublishSink {
 public:
  // REQUIRES: `source` is the appsrc of with_publish_source().
  PublishFeed(Ptr<GstElement> source, std::weak_ptr<Publication> publication);
  ~PublishFeed() override;
  bool take(std::string_view bytes) override;
  void end() override;

 private:
  const Ptr<GstElement> source_;
};

}  // namespace sluice::stream
