// One pass over a media file, as fast as it is taken, or over a stream of this process, from its newest key
// frame to its end: a pipeline of its own that gives the frames of each track.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gstx/ptr.h"
#include "m4f/media/track.h"
#include "m4f/ring/live_ring.h"

namespace sluice {

// Receives a round. Called in the file's streaming threads: tracks() first, frames of different tracks from
// different threads at once.
class RoundListener {
 public:
  virtual ~RoundListener() = default;
  // All tracks that can be carried, video first. False: they are not wanted, and nothing follows.
  virtual bool tracks(const std::vector<m4f::Content>& tracks) = 0;
  // `caps` and `segment` (TIME) are the frame's.
  virtual GstFlowReturn frame(size_t track, GstCaps* caps, const GstSegment& segment,
                              gstx::Ptr<GstBuffer> buffer) = 0;
  virtual void tags(size_t track, GstTagList* tags) = 0;
  virtual void track_ended(size_t track) = 0;
  // A stream has a track from here on that was not there: another round would give it.
  virtual void tracks_changed() = 0;
  // Something in the file that is not carried, or a fault that it survives.
  virtual void warning(const GError& error, const char* debug) = 0;
  // Once, at last.
  virtual void ended() = 0;
  virtual void failed(const GError& error, const char* debug) = 0;
};

class FileRound {
 public:
  // Begins at once. REQUIRES: `listener` outlives the round.
  FileRound(const std::string& path, RoundListener& listener);
  FileRound(const m4f::RingPtr& ring, RoundListener& listener);
  // Waits for the streaming threads: REQUIRES that the listener's calls return.
  ~FileRound();
  FileRound(const FileRound&) = delete;
  FileRound& operator=(const FileRound&) = delete;

 private:
  struct Output;
  explicit FileRound(RoundListener& listener);
  void play(GstElement* source, GstElement* demuxer);
  void on_pad(GstPad* pad);
  bool show_tracks();
  void on_track_end(Output& output);
  GstBusSyncReply on_message(GstMessage* message);
  void fail(const std::string& text);

  RoundListener& listener_;
  gstx::Ptr<GstElement> pipeline_;
  std::mutex mutex_;  // of a pad that appears while the round is taken down; nothing is called with it held
  bool closing_ = false;
  std::vector<std::unique_ptr<Output>> outputs_;  // video first; complete before anything comes from them
  std::once_flag shown_;
  std::atomic<bool> complete_{false};
  bool wanted_ = false;             // the listener takes these tracks; set once shown
  std::atomic<size_t> running_{0};  // tracks that have not ended
  std::atomic<bool> over_{false};
};

}  // namespace sluice
