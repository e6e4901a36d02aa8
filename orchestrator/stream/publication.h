// Who publishes into a stream, and where the bytes go. It outlives the stream's ingests: the publisher stays
// connected while the input is opened, covered by a backup, or opened anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "orchestrator/stream/rate_guard.h"

namespace sluice::stream {

// Where published bytes go: an ingest. Any thread, one call at a time; must not call the publication back
// from inside.
class PublishSink {
 public:
  virtual ~PublishSink() = default;
  // Takes all of it. False: enough for now; Publication::room() tells when there is room again.
  virtual bool take(std::string_view bytes) = 0;
  virtual void end() = 0;  // the publisher has left
};

struct Publisher {
  std::string proto, address;                   // for operators
  std::function<void()> resume;                 // there is room again
  std::function<void(std::string reason)> cut;  // it has to leave; nothing that it sends is taken any more
};

struct PublishRefusal {
  enum class Kind {
    kTaken,      // somebody else publishes
    kForbidden,  // the stream does not want one now
  };
  Kind kind;
  std::string reason;  // one line for the publisher and the operator
};

// Thread-safe. No callback is called with its lock held, but for the sink.
class Publication : public std::enable_shared_from_this<Publication> {
 public:
  using Clock = std::chrono::steady_clock;

  // A publisher that was accepted; it leaves by letting go of this. Used by one thread at a time.
  class Session {
   public:
    Session(std::shared_ptr<Publication> to, uint64_t id) : to_(std::move(to)), id_(id) {}
    ~Session() { to_->leave(id_); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    // False: enough for now, until Publisher::resume. What comes all the same is taken up to a limit, then
    // thrown away.
    bool push(std::string_view bytes) { return to_->push(id_, bytes); }

   private:
    const std::shared_ptr<Publication> to_;
    const uint64_t id_;
  };

  // `max_kbit`: who publishes more than that for long is cut; empty = any. `changed` is called when a
  // publisher has come or left, in the thread that brought it about.
  Publication(std::optional<uint64_t> max_kbit,
              std::function<void(bool there, const std::string& who)> changed);

  // The publishers' side.
  std::variant<std::unique_ptr<Session>, PublishRefusal> offer(Publisher publisher);

  // The stream's side. Not open: whoever publishes is cut, others are refused, for this reason.
  void open();
  void close(std::string reason);
  bool there() const;
  // What came and was not taken yet goes to `sink`, and so does what follows, until detach(). An ingest that
  // is attached anew hears of the bytes from there on.
  void attach(std::shared_ptr<PublishSink> sink);
  void detach(const PublishSink* sink);
  void room();

  uint64_t bytes() const;  // that were published so far

 private:
  bool push(uint64_t session, std::string_view bytes);
  void leave(uint64_t session);

  const std::function<void(bool, const std::string&)> changed_;
  const std::optional<uint64_t> max_kbit_;

  mutable std::mutex mutex_;
  std::optional<Publisher> publisher_;
  uint64_t session_ = 0, sessions_ = 0;  // 0 = nobody
  bool open_ = true;
  std::string closed_reason_;
  std::shared_ptr<PublishSink> sink_;
  std::string waiting_;  // for a sink
  bool paused_ = false;  // the publisher was told that it is enough
  std::optional<RateGuard> guard_;
  uint64_t bytes_ = 0;
};

}  // namespace sluice::stream
