// HTTP in front of m4f::Delivery: ranges, validators, compression, waiting, endless responses.
#pragma once

#include <memory>
#include <string>

#include "m4fhttp/exchange.h"
#include "m4fhttp/server.h"

namespace m4fhttp {

// Who counts one stream's viewers and bytes, and may refuse them: they get 403. Called in worker threads,
// several at a time.
class DeliveryHooks {
 public:
  virtual ~DeliveryHooks() = default;
  // An answer is about to be sent; `proto` as in DeliveryReply, `bytes` of body. False: it is refused
  // instead.
  virtual bool answered(const Exchange& exchange, const std::string& proto, int status, uint64_t bytes) = 0;
  // An endless response begins; the session is destroyed when it ends. Null: it is refused.
  virtual std::unique_ptr<LiveSession> live(const Exchange& exchange, const std::string& proto) = 0;
};

// Serves streams over any number of servers. Thread-safe. Outlived by no exchange: stop the servers first.
class DeliveryHandler {
 public:
  DeliveryHandler();
  ~DeliveryHandler();

  // Answers a GET, HEAD or OPTIONS for `tail` (decoded, without leading slash) of a stream; other methods get
  // 405. `delivery` is kept until the answer is complete (a pointer that also owns something around it is
  // fine).
  // `hooks` may be null.
  void serve(const ExchangePtr& exchange, std::shared_ptr<m4f::Delivery> delivery, std::string_view tail,
             std::shared_ptr<DeliveryHooks> hooks = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One stream on a port of its own, as `hlssink-ll port=8080 stream-name=live` serves it: /live/index.m3u8,
// ...
class StreamServer {
 public:
  StreamServer(std::string name, std::shared_ptr<m4f::Delivery> delivery, ServerSettings settings);
  ~StreamServer();
  m4f::Result<void> start();
  void stop();
  uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4fhttp
