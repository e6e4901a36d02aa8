// m4ffilesrc: a file's tracks, over and over if wanted, on one clock without a seam.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "gstx/element.h"
#include "m4f/caps.h"
#include "m4f/elements.h"
#include "m4f/file_round.h"
#include "m4f/play_list_source.h"
#include "m4f/round_clock.h"
#include "m4f/track_pads.h"

namespace sluice {
namespace {

using gstx::Lock;
using gstx::Ptr;
using m4f::Content;

struct Settings {
  std::string location;
  bool loop = false;
  std::string playlist;
  std::string vod;
};

// How soon a list is read again that has nothing to play.
constexpr std::chrono::seconds kAskAgain(1);
// For how long a stream in a list may give nothing: no longer than its turn, within these bounds. Sources
// that come in segments pause for one, and a stream on demand takes its time to begin.
constexpr std::chrono::nanoseconds kLeastSilence = std::chrono::seconds(5);
constexpr std::chrono::nanoseconds kMostSilence = std::chrono::seconds(20);

guint find_stream_signal = 0;

// Each round is a pipeline of its own, which a thread of the element opens and takes down. Locks: mutex_ is
// not held while pushing, posting or waiting for a round's threads.
class FileSrc final : public RoundListener {
 public:
  using Base = GstElement;
  using BaseClass = GstElementClass;
  static constexpr const char* kTypeName = "SluiceM4fFileSrc";
  static GType base_type() { return GST_TYPE_ELEMENT; }
  static const auto& fields() {
    static const std::array kFields{
        gstx::Field<Settings>{"location", "Path of a file: MP4, MPEG-TS, Matroska, whatever parsebin opens",
                              &Settings::location},
        gstx::Field<Settings>{"loop", "Begin again at the file's end; its timestamps run on",
                              &Settings::loop},
        gstx::Field<Settings>{"playlist",
                              "Instead of location: path or http address of a list of files and streams, "
                              "read anew for every item",
                              &Settings::playlist},
        gstx::Field<Settings>{"vod",
                              "Where the list's items lie: NAME=DIRECTORY;NAME=DIRECTORY (%25, %3D and %3B "
                              "for the characters between)",
                              &Settings::vod},
    };
    return kFields;
  }
  static const auto& computed() {
    static const std::array<gstx::Computed<FileSrc>, 0> kComputed{};
    return kComputed;
  }

  static void class_init(GstElementClass* klass) {
    gstx::override<&FileSrc::change_state>(klass->change_state);
    find_stream_signal = g_signal_new("find-stream", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr,
                                      nullptr, nullptr, G_TYPE_STRING, 2, G_TYPE_STRING, G_TYPE_POINTER);
    gst_element_class_set_static_metadata(klass, "M4F file source", "Source/File",
                                          "The tracks of a media file, over and over without a seam",
                                          "Sluice");
    gstx::add_template(klass, "video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, kVideoInputCaps);
    gstx::add_template(klass, "audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, kAudioInputCaps);
  }

  explicit FileSrc(GstElement* element) : element_(element) {
    GST_OBJECT_FLAG_SET(element, GST_ELEMENT_FLAG_SOURCE);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  // A pad and what was sent on it; belongs to the streaming thread of its track.
  struct Output {
    Content content;
    Ptr<GstPad> pad;
    Ptr<GstCaps> caps;
    std::optional<GstSegment> segment;  // of the round
    bool fresh = true;                  // nothing came yet in this round
  };

  GstStateChangeReturn change_state(GstStateChange transition);
  void run(const Settings& settings);
  void run_list(const Settings& settings);
  bool play(const std::string& path, const m4f::RingPtr& ring = nullptr);
  bool play(const PlayTurn& turn, std::string& problem);
  m4f::RingPtr find_stream(const PlayTurn& turn, std::string& problem);
  bool wait_until(std::chrono::system_clock::time_point time);
  void skip_to_now();
  void start();
  void stop();
  void show(const std::vector<Content>& tracks);
  void send_segment(Output& output, const GstSegment& segment);
  void rest(Output& output);

  bool tracks(const std::vector<Content>& tracks) override;
  GstFlowReturn frame(size_t track, GstCaps* caps, const GstSegment& segment, Ptr<GstBuffer> buffer) override;
  void tags(size_t track, GstTagList* tags) override;
  void track_ended(size_t track) override;
  void tracks_changed() override;
  void warning(const GError& error, const char* debug) override;
  void ended() override { finish_round(nullptr, nullptr); }
  void failed(const GError& error, const char* debug) override { finish_round(&error, debug); }
  void finish_round(const GError* error, const char* debug);
  void fail(const char* text);
  void say(const std::string& text);

  GstElement* const element_;
  std::thread director_;
  std::vector<Output> outputs_;  // set by the first round, before its frames
  bool loop_ = false;            // while it runs
  bool list_ = false;            // likewise: files of all kinds, one after another
  bool first_round_ = true;
  std::vector<std::optional<size_t>> places_;  // of the round's tracks among the outputs
  std::optional<int64_t> limit_;               // of the round, ns
  bool streaming_ = false;                     // the round is a stream's: its frames come from one thread
  std::optional<guint64> origin_;              // where that one begins, in its own running time

  gstx::Mutex mutex_;
  gstx::Condition changed_;
  RoundClock clock_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool round_over_ GUARDED_BY(mutex_) = false;
  bool failed_ GUARDED_BY(mutex_) = false;
  bool renew_ GUARDED_BY(mutex_) = false;  // the round's stream goes on with other tracks
  std::chrono::steady_clock::time_point heard_at_ GUARDED_BY(mutex_);  // of a stream
};

GstStateChangeReturn FileSrc::change_state(GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && settings_.get().location.empty() &&
      settings_.get().playlist.empty()) {
    GST_ELEMENT_ERROR(element_, RESOURCE, NOT_FOUND, ("m4ffilesrc needs a location or a playlist"),
                      (nullptr));
    return GST_STATE_CHANGE_FAILURE;
  }
  const GstStateChangeReturn result = gstx::parent_class<FileSrc>()->change_state(element_, transition);
  if (result == GST_STATE_CHANGE_FAILURE) return result;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) start();
  // The pads are inactive by now: nothing that is being pushed is held up any more.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) stop();
  return result;
}

void FileSrc::start() {
  {
    Lock lock(mutex_);
    clock_ = {};
    stopping_ = failed_ = false;
  }
  first_round_ = true;
  const Settings settings = settings_.get();
  list_ = !settings.playlist.empty();
  loop_ = settings.loop || list_;
  director_ = std::thread([this, settings] { list_ ? run_list(settings) : run(settings); });
}

void FileSrc::stop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (director_.joinable()) director_.join();
  for (Output& output : outputs_) gst_element_remove_pad(element_, output.pad.get());
  outputs_.clear();
}

// One round, of a file or of a stream. False: the element stops, or the round failed.
bool FileSrc::play(const std::string& path, const m4f::RingPtr& ring) {
  {
    Lock lock(mutex_);
    if (stopping_) return false;
    round_over_ = failed_ = renew_ = false;
    heard_at_ = std::chrono::steady_clock::now();
  }
  streaming_ = ring != nullptr;
  origin_.reset();
  for (Output& output : outputs_) {
    output.segment.reset();
    output.fresh = true;
  }
  std::optional<FileRound> round;
  ring ? round.emplace(ring, *this) : round.emplace(path, *this);
  const auto silence = std::clamp(std::chrono::nanoseconds(limit_.value_or(kMostSilence.count())),
                                  kLeastSilence, kMostSilence);
  Lock lock(mutex_);
  while (!stopping_ && !round_over_) {
    if (!ring) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() < heard_at_ + silence) {
      changed_.wait_until(lock, heard_at_ + silence);
    } else {
      return true;
    }
  }
  return !stopping_ && !failed_;
}

// A turn of a list, unless there is a problem with it. False: nothing was played.
bool FileSrc::play(const PlayTurn& turn, std::string& problem) {
  const m4f::RingPtr ring = turn.path.empty() ? find_stream(turn, problem) : nullptr;
  if (!ring && turn.path.empty()) return false;
  limit_.reset();
  if (turn.limit) limit_ = std::chrono::nanoseconds(*turn.limit).count();
  for (;;) {
    skip_to_now();
    const bool played = play(turn.path, ring);
    if (!outputs_.empty()) first_round_ = false;
    Lock lock(mutex_);
    const int64_t length = clock_.length();
    const bool any = clock_.next_round();
    if (played && ring && length == 0)
      problem = fmt::format("the item '{}' is left: that stream gives nothing", turn.stream);
    if (limit_) *limit_ -= length;
    if (!played || !any || !renew_ || (limit_ && *limit_ <= 0)) return played && any;
  }
}

// The ring also counts as a client of its stream, for as long as it is kept.
m4f::RingPtr FileSrc::find_stream(const PlayTurn& turn, std::string& problem) {
  m4f::RingPtr ring;
  gchar* told = nullptr;
  g_signal_emit(element_, find_stream_signal, 0, turn.stream.c_str(), &ring, &told);
  const Ptr<gchar> text(told);
  if (!ring) problem = text ? text.get() : turn.missing;
  return ring;
}

void FileSrc::run(const Settings& settings) {
  for (;; first_round_ = false) {
    if (!play(settings.location) || !settings.loop) return;
    Lock lock(mutex_);
    if (clock_.next_round()) continue;
    lock.unlock();
    return fail("the file is too short to be played over and over");
  }
}

// A list goes on whatever an item is: what is wrong with one is said.
void FileSrc::run_list(const Settings& settings) {
  PlayListSource list(settings.playlist, settings.vod, [this] {
    Lock lock(mutex_);
    return stopping_;
  });
  std::string said;
  for (;;) {
    const PlayListSource::Next next = list.next();
    std::string problem = next.problem;
    bool played = false;
    if (next.turn) {
      if (next.turn->start && !wait_until(*next.turn->start)) return;
      played = play(*next.turn, problem);
    }
    if (!problem.empty() && problem != said) say(problem);
    said = problem;
    if (!played && !wait_until(std::chrono::system_clock::now() + kAskAgain)) return;
  }
}

// False: the element stops.
bool FileSrc::wait_until(std::chrono::system_clock::time_point time) {
  Lock lock(mutex_);
  while (!stopping_ && std::chrono::system_clock::now() < time) changed_.wait_until(lock, time);
  return !stopping_;
}

// What comes after a pause is not in the past.
void FileSrc::skip_to_now() {
  Ptr<GstClock> clock(gst_element_get_clock(element_));
  const GstClockTime base = gst_element_get_base_time(element_);
  if (!clock || base == 0) return;  // it does not run yet
  const GstClockTime now = gst_clock_get_time(clock.get());
  Lock lock(mutex_);
  if (now > base) clock_.not_before(static_cast<int64_t>(now - base));
}

void FileSrc::say(const std::string& text) {
  Ptr<GError> error(g_error_new_literal(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, text.c_str()));
  gst_element_post_message(element_, gst_message_new_warning(GST_OBJECT(element_), error.get(), nullptr));
}

void FileSrc::finish_round(const GError* error, const char* debug) {
  {
    Lock lock(mutex_);
    if (stopping_) return;
    failed_ |= error != nullptr;
    round_over_ = true;
    changed_.notify_all();
  }
  if (!error) return;
  if (list_) return say(error->message);
  Ptr<GError> copy(g_error_copy(error));
  gst_element_post_message(element_, gst_message_new_error(GST_OBJECT(element_), copy.get(), debug));
}

void FileSrc::fail(const char* text) {
  Ptr<GError> error(g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE, text));
  finish_round(error.get(), nullptr);
}

void FileSrc::warning(const GError& error, const char* debug) {
  if (!first_round_ && !list_) return;  // it is the same file
  Ptr<GError> copy(g_error_copy(&error));
  gst_element_post_message(element_, gst_message_new_warning(GST_OBJECT(element_), copy.get(), debug));
}

void FileSrc::show(const std::vector<Content>& tracks) {
  const guint group = gst_util_group_id_next();
  unsigned videos = 0, audios = 0;
  for (const Content content : tracks) {
    const bool video = content == Content::kVideo;
    Ptr<gchar> name(g_strdup_printf(video ? "video_%u" : "audio_%u", video ? videos++ : audios++));
    GstPad* pad = gstx::pad_from_template(element_, video ? "video_%u" : "audio_%u", name.get());
    outputs_.push_back({content, gstx::share(pad), nullptr, {}, true});
    gst_pad_use_fixed_caps(pad);
    gst_pad_set_active(pad, TRUE);
    Ptr<gchar> id(gst_pad_create_stream_id(pad, element_, name.get()));
    GstEvent* start = gst_event_new_stream_start(id.get());
    gst_event_set_group_id(start, group);
    gst_pad_push_event(pad, start);
    gst_element_add_pad(element_, pad);
  }
  gst_element_no_more_pads(element_);
  for (const Output& output : outputs_) {
    gst_pad_push_event(output.pad.get(), gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                                              gst_structure_new_empty(kTracksComplete)));
  }
}

bool FileSrc::tracks(const std::vector<Content>& tracks) {
  if (outputs_.empty()) show(tracks);
  // The first of a kind goes on with the first, and so on.
  places_.assign(tracks.size(), std::nullopt);
  std::vector<bool> used(outputs_.size());
  bool same = tracks.size() == outputs_.size();
  for (size_t i = 0; i < tracks.size(); ++i) {
    for (size_t o = 0; o < outputs_.size() && !places_[i]; ++o)
      if (!used[o] && outputs_[o].content == tracks[i]) places_[i] = o;
    same &= places_[i].has_value();
    if (places_[i]) used[*places_[i]] = true;
  }
  if (!same && !list_) {
    fail("the file was replaced by one with other tracks");
    return false;
  }
  if (std::find(used.begin(), used.end(), true) == used.end()) {
    fail("it has no track of a kind that was there before");
    return false;
  }
  for (size_t o = 0; o < outputs_.size(); ++o)
    if (!used[o]) rest(outputs_[o]);
  return true;
}

void FileSrc::send_segment(Output& output, const GstSegment& segment) {
  output.segment = segment;
  GstSegment moved = segment;
  if (streaming_ && !origin_) {
    skip_to_now();  // it may have taken its time
    origin_ = segment.base;
  }
  if (origin_) moved.base -= std::min(moved.base, *origin_);
  {
    Lock lock(mutex_);
    moved.base += static_cast<guint64>(clock_.shift());
  }
  gst_pad_push_event(output.pad.get(), gst_event_new_segment(&moved));
}

GstFlowReturn FileSrc::frame(size_t track, GstCaps* caps, const GstSegment& segment, Ptr<GstBuffer> buffer) {
  if (!places_[track]) return GST_FLOW_OK;  // one too many
  Output& output = outputs_[*places_[track]];
  if (!output.caps || !gst_caps_is_equal(caps, output.caps.get())) {
    output.caps = gstx::share(caps);
    gst_pad_push_event(output.pad.get(), gst_event_new_caps(caps));
  }
  if (!output.segment || !gst_segment_is_equal(&*output.segment, &segment)) send_segment(output, segment);
  guint64 running = 0;
  const int sign = gst_segment_to_running_time_full(&segment, GST_FORMAT_TIME,
                                                    GST_BUFFER_DTS_OR_PTS(buffer.get()), &running);
  if (sign != 0) {
    const GstClockTime duration = GST_BUFFER_DURATION(buffer.get());
    const auto now = std::chrono::steady_clock::now();
    Lock lock(mutex_);
    heard_at_ = now;
    if (limit_ && clock_.since_first(track, sign * static_cast<int64_t>(running)) >= *limit_) {
      round_over_ = true;
      changed_.notify_all();
      return GST_FLOW_EOS;
    }
    clock_.note(track, sign * static_cast<int64_t>(running),
                GST_CLOCK_TIME_IS_VALID(duration) ? static_cast<int64_t>(duration) : 0);
  }
  // A round's first frame continues the last one's.
  if (std::exchange(output.fresh, false) && !first_round_ && !list_ &&
      GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT)) {
    buffer.reset(gst_buffer_make_writable(buffer.release()));
    GST_BUFFER_FLAG_UNSET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  }
  return gst_pad_push(output.pad.get(), buffer.release());
}

void FileSrc::tags(size_t track, GstTagList* tags) {
  if (!first_round_) return;
  if (places_[track])
    gst_pad_push_event(outputs_[*places_[track]].pad.get(), gst_event_new_tag(gst_tag_list_ref(tags)));
}

void FileSrc::track_ended(size_t track) {
  if (!places_[track]) return;
  Output& output = outputs_[*places_[track]];
  if (loop_) return rest(output);
  gst_pad_push_event(output.pad.get(), gst_event_new_eos());
}

void FileSrc::tracks_changed() {
  Lock lock(mutex_);
  renew_ = round_over_ = true;
  changed_.notify_all();
}

// The other tracks need not wait for this one: it goes on with another round.
void FileSrc::rest(Output& output) {
  const guint64 at = output.segment ? output.segment->start : 0;
  gst_pad_push_event(output.pad.get(), gst_event_new_gap(at, GST_CLOCK_TIME_NONE));
}

}  // namespace

bool register_file_src(GstPlugin* plugin) {
  return gstx::register_element<FileSrc>(plugin, "m4ffilesrc");
}

}  // namespace sluice
