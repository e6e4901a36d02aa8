// http(s)://: a POST of a JSON array for each batch, one at a time.
#pragma once

#include <libsoup/soup.h>

#include <array>
#include <memory>
#include <mutex>

#include "m4f/base/error.h"
#include "orchestrator/event/outbox.h"
#include "orchestrator/event/sink_thread.h"
#include "orchestrator/event/text.h"
#include "orchestrator/log/log.h"

namespace sluice::event {

// Lower-case hex of SHA1(body + key).
std::string signature(std::string_view body, std::string_view key);

class HttpSink final : public Sink {
 public:
  // `server`: the name by which this server signs its events.
  static m4f::Result<std::shared_ptr<Sink>> make(const config::EventSink& config, std::string server,
                                                 Log& log);
  ~HttpSink() override;

  void offer(StampedPtr event) override;
  SinkFigures figures() const override;
  void close() override;
  bool wait_closed(Outbox::Time deadline) const override { return thread_.wait_ended(deadline); }

 private:
  template <auto Free>
  struct Freed {
    template <typename T>
    void operator()(T* object) const {
      Free(object);
    }
  };
  using UriPtr = std::unique_ptr<GUri, Freed<g_uri_unref>>;

  HttpSink(const config::EventSink& config, UriPtr uri, std::string authorization, std::string server,
           Log& log);
  void pump();
  void send(const std::vector<Outbox::Item>& batch);
  void answered(GAsyncResult* result);
  void read_more();
  void read(GAsyncResult* result);
  void finish(std::string problem);  // empty: taken
  void end();

  const std::string name_, sign_key_, authorization_;
  const Extra extra_;
  const std::chrono::seconds resend_timeout_;
  const UriPtr uri_;
  const std::string address_;  // for people: without user and password
  Log& log_;

  // The thread's.
  SoupSession* session_ = nullptr;
  SoupMessage* message_ = nullptr;
  GInputStream* body_ = nullptr;
  GCancellable* cancel_ = nullptr;
  std::array<char, 4096> buffer_;
  size_t read_ = 0, batch_size_ = 0;
  Outbox::Time give_up_{}, close_by_{};
  bool busy_ = false, troubled_ = false;

  mutable std::mutex mutex_;  // guards what follows
  Outbox outbox_;
  bool closing_ = false;

  SinkThread thread_;  // last: ends first
};

}  // namespace sluice::event
