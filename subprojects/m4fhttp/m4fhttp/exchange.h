// One HTTP request and its answer, whatever carries it (HTTP/1.1, TLS, HTTP/2).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "m4f/base/bytes.h"
#include "m4fhttp/path.h"
#include "m4fhttp/sources.h"

namespace m4fhttp {

enum class Method { kGet, kHead, kOptions, kPost, kPut, kDelete, kOther };

// A piece of shared bytes.
struct Slice {
  m4f::SharedBytes bytes;
  size_t offset = 0, size = 0;
};

struct Response {
  int status = 200;
  std::string head = {};  // header lines, each ended by CRLF; without Content-Length and Connection
  std::vector<Slice> body = {};

  // REQUIRES: no CR, LF or NUL in either (values from outside are checked by who took them in).
  Response& add(std::string_view name, std::string_view value);
  Response& append(m4f::SharedBytes bytes);
  Response& append(std::string_view text);  // copies
  size_t size() const;                      // bytes of the body
};

// A client that is served endlessly. Destroyed when it has gone; called in the thread that serves it.
class LiveSession {
 public:
  virtual ~LiveSession() = default;
  virtual void sent(uint64_t bytes) = 0;
};

// `owner` stays alive as long as the client is served.
struct LiveRequest {
  std::shared_ptr<LiveFeed> feed;
  std::shared_ptr<void> owner;
  std::unique_ptr<LiveSession> session;  // may be null
};

// Takes a request's body as it comes. Called in the exchange's worker thread, until end() or broken(), or
// until the exchange is answered; destroyed there too, or with the last pointer that someone else keeps.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // A piece, to be taken whole. False: no more for now. The client is not read until Exchange::resume_body();
  // what was under way (64 KiB at most) still comes.
  virtual bool data(std::string_view bytes) = 0;
  virtual void end() = 0;  // the body is whole: answer the exchange
  // The client has left, went silent for longer than stall_timeout, or sent what is no body: there is nobody
  // left to be answered.
  virtual void broken(std::string_view reason) = 0;
};

// Lives in the thread of its worker; everything but defer() and resume_body() is called there. Answered
// exactly once by reply(), hold() followed by a later answer, or go_live(). An exchange that is let go
// unanswered answers 500.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~Exchange() = default;

  Method method = Method::kGet;
  Target target;
  std::string client;   // address as text: "10.0.0.7", "2001:db8::1"
  size_t listener = 0;  // index into ServerSettings::listeners
  bool tls = false;

  // A request header's value; empty when absent. `name` in lower case.
  virtual std::string_view header(std::string_view name) const = 0;
  virtual std::string_view body() const = 0;

  virtual void reply(Response response) = 0;
  // Calls `again` when the source's version is no longer `seen`, or at `deadline`, whichever is first; never
  // if the client leaves before. No thread is held.
  virtual void hold(std::shared_ptr<ChangeSource> source, uint64_t seen, Clock::time_point deadline,
                    std::function<void(Exchange&)> again) = 0;
  // Sends the response's status and headers without a length, then MPEG-TS until the client leaves or the
  // ring ends.
  virtual void go_live(Response response, LiveRequest request) = 0;
  // Runs `work` in the worker's thread. Any thread.
  virtual void defer(std::function<void(Exchange&)> work) = 0;
  // The body's reader takes more again. Any thread.
  virtual void resume_body() {}
};

using ExchangePtr = std::shared_ptr<Exchange>;

// Answers requests. Called in worker threads, several at a time. Keep the pointer to answer later, by
// defer(). REQUIRES: nobody calls defer() or resume_body() once Server::stop() has returned.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(const ExchangePtr& exchange) = 0;
  // The head of a request with a body is there. Not null: the body goes to that reader as it comes, whatever
  // its size, and handle() is not called. Null: it is collected up to max_body and handle() is called with
  // it, unless this answered the exchange.
  virtual std::shared_ptr<BodyReader> stream_body(const ExchangePtr&) { return nullptr; }
};

}  // namespace m4fhttp
