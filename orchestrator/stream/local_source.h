// Inputs that read other streams of this server, from their rings.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "m4f/base/error.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/directory.h"
#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {

using FindStream = std::function<std::shared_ptr<StreamHandle>(const std::string& name)>;

// The pipeline with ring sources and M4F demuxers in the place of what the printed text reads.
plan::Pipeline with_local_sources(plan::Pipeline pipeline, const std::vector<plan::LocalSource>& local);

// Hands the pipeline's ring sources their rings. What is returned counts as a client of each of the streams,
// so that they run, for as long as it is kept. Error: a stream that does not exist.
m4f::Result<std::shared_ptr<void>> join_local(GstElement* pipeline,
                                              const std::vector<plan::LocalSource>& local,
                                              const FindStream& find);

// The pipeline's list (m4ffilesrc, named "source") plays streams, too, but none that `own` is a part of.
// While the list plays one it counts as a client of it.
m4f::Result<void> let_list_find(GstElement* pipeline, FindStream find, m4f::RingPtr own);

}  // namespace sluice::stream
