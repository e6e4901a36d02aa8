// HTTP/1.0 and HTTP/1.1 on one connection (RFC 9112).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "m4fhttp/chunked.h"
#include "m4fhttp/http1_parser.h"
#include "m4fhttp/worker.h"

namespace m4fhttp {

class Http1Exchange;

// One request at a time; what a client sends ahead waits in the socket.
class Http1Connection final : public Connection {
 public:
  Http1Connection(Worker& worker, Parts parts);
  ~Http1Connection() override;
  void on_events(uint32_t events) override;
  void sweep(EventLoop::Clock::time_point now) override;

 private:
  friend class Http1Exchange;
  enum class State {
    kReading,    // for a request
    kTaking,     // the body of one, by its reader
    kAnswering,  // the handler has it
    kSending,    // the socket is full
    kDraining,   // answered and closed towards the client; what it still sends is thrown away
  };

  void pump();
  void consume(std::string_view input);
  void send_continue();
  bool set_target(std::string_view request);
  bool dispatch(std::string_view request);
  bool take_head(std::string_view request);
  std::string_view take_body(std::string_view input);
  void end_body(std::string_view broken);
  void resume();
  void refuse(int status);
  void answer(Response response, Method method);
  void go_live(Response response, LiveRequest request);
  void send();
  void sent();
  void leave();
  std::shared_ptr<Http1Exchange> fresh_exchange();
  void set_deadline(std::chrono::milliseconds from_now);

  State state_ = State::kReading;
  bool readable_ = true;
  bool peer_done_ = false;  // nothing will come after what is in the socket
  bool partial_ = false;    // in_ holds the beginning of a request
  bool consuming_ = false;  // on the stack: an answer need not start the next request
  bool continued_ = false;  // 100 was sent
  bool offered_ = false;    // the handler does not want to take this request's body as it comes
  bool close_after_ = false;
  std::string in_;           // of a request that is not complete yet, or sent ahead
  std::string head_;         // being sent
  std::vector<Slice> body_;  // being sent
  size_t head_sent_ = 0, slice_ = 0, slice_sent_ = 0;
  size_t drained_ = 0;
  EventLoop::Clock::time_point deadline_;
  std::shared_ptr<Http1Exchange> exchange_;
  std::shared_ptr<BodyReader> reader_;  // of the body that is being taken
  ChunkedBody chunked_;
  uint64_t body_left_ = 0;  // where its length is known
  bool paused_ = false;     // the reader takes nothing for now
};

// "HTTP/1.1 200 OK\r\n"
std::string_view status_line(int status);

}  // namespace m4fhttp
