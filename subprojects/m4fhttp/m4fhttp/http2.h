// HTTP/2 on one TLS connection (RFC 9113), framed by nghttp2.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "m4fhttp/worker.h"

struct nghttp2_session;

namespace m4fhttp {

class Http2Exchange;
struct Http2Callbacks;

class Http2Connection final : public Connection {
 public:
  Http2Connection(Worker& worker, Parts parts);
  ~Http2Connection() override;
  void on_events(uint32_t events) override;
  void sweep(EventLoop::Clock::time_point now) override;

 private:
  friend class Http2Exchange;
  friend struct Http2Callbacks;

  bool read();
  void write();
  void leave();
  static int read_head(Http2Exchange& exchange);
  void offer_body(int32_t stream);
  void request_complete(int32_t stream);
  void forget(int32_t stream);
  void set_deadline(std::chrono::milliseconds from_now);

  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::shared_ptr<Http2Exchange>> streams_;
  const uint8_t* pending_ = nullptr;  // nghttp2's, until its next call: not yet taken by the socket
  size_t pending_size_ = 0;
  bool readable_ = true, blocked_ = false;
  bool busy_ = false;  // inside nghttp2: it must not be entered again
  EventLoop::Clock::time_point deadline_;
};

}  // namespace m4fhttp
