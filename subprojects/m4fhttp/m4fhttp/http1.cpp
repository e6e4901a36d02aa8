#include "m4fhttp/http1.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "m4fhttp/live_writers.h"

namespace m4fhttp {
namespace {

constexpr size_t kMaxDrained = 1 << 20;
constexpr std::chrono::milliseconds kDrainTime{2000};
constexpr size_t kPieces = 64;  // of one sendmsg

void append_number(std::string& out, size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

class Http1Exchange final : public Exchange {
 public:
  RequestHead head;

  std::string_view header(std::string_view name) const override { return head.field(bytes_.data(), name); }
  std::string_view body() const override { return bytes_.substr(head.size); }

  void reply(Response response) override {
    Http1Connection* connection = take();
    if (connection) connection->answer(std::move(response), method);
  }

  void hold(std::shared_ptr<ChangeSource> source, uint64_t seen, Clock::time_point deadline,
            std::function<void(Exchange&)> again) override {
    if (!connection_) return;
    Worker& worker = connection_->worker_;
    hold_ = worker.holds.add(std::move(source), seen, deadline,
                             [self = shared_from_this(), again = std::move(again), &worker] {
                               auto& exchange = static_cast<Http1Exchange&>(*self);
                               exchange.hold_ = 0;
                               again(exchange);
                               worker.count_held();
                             });
    worker.count_held();
  }

  void go_live(Response response, LiveRequest request) override {
    if (!connection_) return;
    if (method == Method::kHead) {
      // There is no length to tell.
      Http1Connection* connection = take();
      connection->close_after_ = true;
      connection->answer(std::move(response), method);
    } else {
      take()->go_live(std::move(response), std::move(request));
    }
  }

  void defer(std::function<void(Exchange&)> work) override {
    loop_->post([self = shared_from_this(), work = std::move(work)] {
      if (static_cast<Http1Exchange&>(*self).connection_) work(*self);
    });
  }

  void resume_body() override {
    loop_->post([self = shared_from_this()] {
      if (Http1Connection* connection = static_cast<Http1Exchange&>(*self).connection_) connection->resume();
    });
  }

  // The connection's side.
  void begin(Http1Connection& connection, std::string_view request) {
    connection_ = &connection;
    loop_ = &connection.worker_.loop;
    bytes_ = request;
    method = head.method;
    client = connection.parts_.client;
    listener = connection.parts_.listener;
    tls = connection.parts_.tls;
  }
  std::string_view pinned() const { return own_; }
  // The bytes that they were read into are about to be used again.
  void pin() {
    own_.assign(bytes_);
    bytes_ = own_;
  }
  bool held() const { return hold_ != 0; }
  void abandon() {
    if (connection_ && hold_) {
      connection_->worker_.holds.cancel(hold_);
      connection_->worker_.count_held();
    }
    hold_ = 0;
    connection_ = nullptr;
  }

 private:
  Http1Connection* take() { return std::exchange(connection_, nullptr); }

  Http1Connection* connection_ = nullptr;  // null: answered, or the client has gone
  EventLoop* loop_ = nullptr;
  Holds::Id hold_ = 0;
  std::string_view bytes_;  // head and body
  std::string own_;
};

Http1Connection::Http1Connection(Worker& worker, Parts parts) : Connection(worker, std::move(parts)) {
  set_deadline(worker_.shared.settings.header_timeout);
}

Http1Connection::~Http1Connection() {
  if (reader_) reader_->broken("the server stops");
  if (exchange_) exchange_->abandon();
}

void Http1Connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = worker_.loop.now() + from_now;
}

void Http1Connection::on_events(uint32_t events) {
  if (closed()) return;
  if (events & (EPOLLERR | EPOLLHUP)) return leave();
  if (events & (EPOLLIN | EPOLLRDHUP)) readable_ = true;
  if (events & EPOLLRDHUP) peer_done_ = true;
  // A client that has closed its side while it waits has left: it would never have seen the rest of the
  // stream.
  if ((events & EPOLLRDHUP) && state_ == State::kAnswering) return leave();
  if ((events & EPOLLOUT) && state_ == State::kSending) send();
  if (!closed()) pump();
}

void Http1Connection::pump() {
  while (!closed() && (state_ == State::kReading || state_ == State::kDraining ||
                       (state_ == State::kTaking && !paused_))) {
    if (state_ == State::kReading && !in_.empty()) {
      const size_t before = in_.size();
      const std::string input = std::exchange(in_, {});
      consume(input);
      if (closed() || state_ == State::kAnswering || state_ == State::kSending) return;
      if (in_.size() != before) continue;
    }
    if (!readable_) return;
    const IoResult got = parts_.transport->read(worker_.scratch);
    if (got.state == IoState::kBlocked) {
      readable_ = false;
      return;
    }
    if (got.state == IoState::kClosed) return leave();
    // A short read has emptied the socket, but for an end of file that was announced with the data. (A TLS
    // record may hide anything behind it.)
    if (got.bytes < worker_.scratch.size() && !peer_done_ && !parts_.tls) readable_ = false;
    const std::string_view input(worker_.scratch.data(), got.bytes);
    if (state_ == State::kDraining) {
      drained_ += input.size();
      if (drained_ > kMaxDrained) return leave();
    } else if (state_ == State::kTaking) {
      const std::string_view rest = take_body(input);
      if (!closed() && state_ != State::kDraining) in_.assign(rest);
    } else if (in_.empty()) {
      consume(input);
    } else {
      in_.append(input);
    }
  }
}

// Answers the requests in `input`; what remains goes to in_.
void Http1Connection::consume(std::string_view input) {
  consuming_ = true;
  while (!input.empty() && !closed() && state_ == State::kReading) {
    exchange_ = fresh_exchange();
    RequestHead& head = exchange_->head;
    int status = parse_request(input, head);
    if (status == kNeedMore) break;
    const bool has_body = head.chunked || head.content_length > 0;
    if (status == 0 && has_body && !continued_ && !offered_) {
      const size_t size = head.size;
      if (!take_head(input.substr(0, size))) {
        input.remove_prefix(size);
        if (state_ == State::kTaking) input = take_body(input);
        if (closed() || state_ != State::kReading) break;
        continue;
      }
    }
    if (status == 0 && head.chunked) status = 411;
    if (status == 0 && head.content_length > worker_.shared.settings.max_body) status = 413;
    if (status != 0) {
      refuse(status);
      break;
    }
    const size_t total = head.size + static_cast<size_t>(head.content_length);
    if (input.size() < total) {
      if (head.expect_continue && !head.http10 && !continued_) {
        send_continue();
        continued_ = true;
      }
      break;
    }
    const bool ready = dispatch(input.substr(0, total));
    input.remove_prefix(total);
    if (!ready) break;
  }
  consuming_ = false;
  if (closed() || state_ == State::kDraining) return;
  if (!input.empty()) {
    // From its first byte on: a client that sends byte by byte gains no time.
    if (state_ == State::kReading && !std::exchange(partial_, true))
      set_deadline(worker_.shared.settings.header_timeout);
    in_.assign(input);
  }
}

// False: it was answered already.
bool Http1Connection::set_target(std::string_view request) {
  const RequestHead& head = exchange_->head;
  const std::string_view target(request.data() + head.target, head.target_size);
  if (head.method == Method::kOptions && target == "*") {
    exchange_->target = {"*", ""};
    return true;
  }
  const int status = parse_target(target, exchange_->target);
  if (status != 0) exchange_->reply(Response{.status = status});
  return status == 0;
}

void Http1Connection::send_continue() {
  // 25 bytes into an idle connection's buffer: they fit or the connection is of no use.
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const iovec piece{const_cast<char*>(kContinue.data()), kContinue.size()};
  const IoResult result = parts_.transport->write({&piece, 1});
  if (result.bytes != kContinue.size()) leave();
}

// Offers the body of a request, whose head is there, to the handler. False: a reader takes it, or the request
// is answered and what follows cannot be told from its body.
bool Http1Connection::take_head(std::string_view head) {
  offered_ = true;
  Http1Exchange& exchange = *exchange_;
  exchange.begin(*this, head);
  exchange.pin();
  const State before = std::exchange(state_, State::kAnswering);
  close_after_ = true;
  if (set_target(exchange.pinned())) reader_ = worker_.shared.handler.stream_body(exchange_);
  if (closed() || state_ != State::kAnswering) {  // answered
    offered_ = false;
    reader_.reset();
    worker_.count_request();
    return false;
  }
  state_ = before;
  if (!reader_) {
    exchange.abandon();
    return true;
  }
  worker_.count_request();
  offered_ = partial_ = paused_ = false;
  state_ = State::kTaking;
  chunked_ = {};
  body_left_ = exchange.head.content_length;
  set_deadline(worker_.shared.settings.stall_timeout);
  if (exchange.head.expect_continue && !exchange.head.http10) send_continue();
  return false;
}

// Gives its reader what there is of the body. Returns what follows it.
std::string_view Http1Connection::take_body(std::string_view input) {
  if (!input.empty()) set_deadline(worker_.shared.settings.stall_timeout);
  // Kept here: the reader may answer, which lets it go.
  const std::shared_ptr<BodyReader> reader = reader_;
  const bool chunked = exchange_->head.chunked;
  while (!input.empty() && state_ == State::kTaking && !closed()) {
    std::string_view data;
    bool whole = false;
    if (chunked) {
      const ChunkedBody::Step step = chunked_.next(input);
      input.remove_prefix(step.used);
      data = step.data;
      whole = chunked_.state() == ChunkedBody::State::kDone;
    } else {
      data = input.substr(0, static_cast<size_t>(std::min<uint64_t>(body_left_, input.size())));
      input.remove_prefix(data.size());
      body_left_ -= data.size();
      whole = body_left_ == 0;
    }
    if (!data.empty() && !reader->data(data)) paused_ = true;
    if (closed() || state_ != State::kTaking) return {};
    if (chunked && chunked_.state() == ChunkedBody::State::kBroken) {
      end_body("the request's body is broken");
      refuse(400);
      return {};
    }
    if (whole) {
      end_body({});
      return input;
    }
  }
  return state_ == State::kTaking ? std::string_view() : input;
}

// The body is whole, or will never be.
void Http1Connection::end_body(std::string_view broken) {
  const std::shared_ptr<BodyReader> reader = std::exchange(reader_, nullptr);
  paused_ = false;
  state_ = State::kAnswering;
  if (!broken.empty()) {
    exchange_->abandon();  // nobody is left to be answered
    return reader->broken(broken);
  }
  close_after_ = !exchange_->head.keep_alive;
  reader->end();
}

void Http1Connection::resume() {
  if (closed() || state_ != State::kTaking || !paused_) return;
  paused_ = false;
  set_deadline(worker_.shared.settings.stall_timeout);
  pump();
}

// False: the request is not answered yet, or the connection is not ready for the next one.
bool Http1Connection::dispatch(std::string_view request) {
  continued_ = offered_ = partial_ = false;
  state_ = State::kAnswering;
  worker_.count_request();
  Http1Exchange& exchange = *exchange_;
  exchange.begin(*this, request);
  close_after_ = !exchange.head.keep_alive;
  if (!set_target(request)) return state_ == State::kReading;
  worker_.shared.handler.handle(exchange_);
  if (closed() || state_ != State::kAnswering) return !closed() && state_ == State::kReading;
  if (exchange_.use_count() == 1) {
    exchange.reply(Response{.status = 500});
    return state_ == State::kReading;
  }
  exchange.pin();
  return false;
}

// The client cannot be understood: says so and closes.
void Http1Connection::refuse(int status) {
  exchange_->abandon();
  close_after_ = true;
  state_ = State::kAnswering;
  worker_.count_request();
  answer(Response{.status = status}, Method::kGet);
}

void Http1Connection::answer(Response response, Method method) {
  const bool bodiless = response.status == 204 || response.status == 304;
  head_.assign(status_line(response.status));
  head_.append(worker_.date()).append(response.head);
  if (!bodiless && !(method == Method::kHead && response.body.empty() && close_after_)) {
    head_.append("Content-Length: ");
    append_number(head_, response.size());
    head_.append("\r\n");
  }
  if (close_after_)
    head_.append("Connection: close\r\n");
  else if (exchange_ && exchange_->head.http10)
    head_.append("Connection: keep-alive\r\n");
  head_.append("\r\n");
  body_ = method == Method::kHead || bodiless ? std::vector<Slice>() : std::move(response.body);
  head_sent_ = slice_ = slice_sent_ = 0;
  reader_.reset();  // an answer before the body's end is the end of it
  state_ = State::kSending;
  set_deadline(worker_.shared.settings.stall_timeout);
  send();
  if (!consuming_ && !closed() && state_ != State::kSending) pump();
}

void Http1Connection::send() {
  while (head_sent_ < head_.size() || slice_ < body_.size()) {
    std::array<iovec, kPieces> pieces;
    size_t count = 0;
    if (head_sent_ < head_.size()) pieces[count++] = {head_.data() + head_sent_, head_.size() - head_sent_};
    for (size_t i = slice_; i < body_.size() && count < kPieces; ++i) {
      const size_t skip = i == slice_ ? slice_sent_ : 0;
      const uint8_t* data = body_[i].bytes->data() + body_[i].offset + skip;
      pieces[count++] = {const_cast<uint8_t*>(data), body_[i].size - skip};
    }
    const IoResult result = parts_.transport->write({pieces.data(), count});
    if (result.state == IoState::kClosed) return leave();
    size_t left = result.bytes;
    const size_t of_head = std::min(left, head_.size() - head_sent_);
    head_sent_ += of_head;
    left -= of_head;
    while (left > 0) {
      const size_t of_slice = std::min(left, body_[slice_].size - slice_sent_);
      slice_sent_ += of_slice;
      left -= of_slice;
      if (slice_sent_ < body_[slice_].size) break;
      ++slice_;
      slice_sent_ = 0;
    }
    if (result.bytes > 0) set_deadline(worker_.shared.settings.stall_timeout);
    if (result.state == IoState::kBlocked) return;  // the socket calls again
  }
  sent();
}

void Http1Connection::sent() {
  body_.clear();
  if (close_after_) {
    // Closing at once would reset the connection, and with it an answer that the client has not read yet, if
    // it has sent something that nobody read (RFC 9112 9.6).
    parts_.transport->finish();
    state_ = State::kDraining;
    in_.clear();
    set_deadline(kDrainTime);
  } else {
    state_ = State::kReading;
    set_deadline(worker_.shared.settings.idle_timeout);
  }
}

void Http1Connection::go_live(Response response, LiveRequest request) {
  std::string head(status_line(response.status));
  head.append(worker_.date()).append(response.head).append("Connection: close\r\n\r\n");
  worker_.loop.unwatch(parts_.transport->fd());
  worker_.shared.live.adopt(std::move(parts_), std::move(head), std::move(request));
  close();
}

void Http1Connection::leave() {
  if (reader_) end_body("the client has left");
  if (exchange_) exchange_->abandon();
  close();
}

void Http1Connection::sweep(EventLoop::Clock::time_point now) {
  if (state_ == State::kAnswering) {
    // Everyone who could have answered has let go.
    if (exchange_.use_count() == 1 && !exchange_->held()) exchange_->reply(Response{.status = 500});
    return;
  }
  if (now < deadline_ || (state_ == State::kTaking && paused_)) return;
  if (state_ != State::kTaking) return leave();
  end_body("nothing came from the client for too long");
  refuse(408);
}

std::shared_ptr<Http1Exchange> Http1Connection::fresh_exchange() {
  if (exchange_ && exchange_.use_count() == 1) return std::move(exchange_);
  return std::make_shared<Http1Exchange>();
}

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 201:
      return "HTTP/1.1 201 Created\r\n";
    case 204:
      return "HTTP/1.1 204 No Content\r\n";
    case 206:
      return "HTTP/1.1 206 Partial Content\r\n";
    case 302:
      return "HTTP/1.1 302 Found\r\n";
    case 304:
      return "HTTP/1.1 304 Not Modified\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 406:
      return "HTTP/1.1 406 Not Acceptable\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 410:
      return "HTTP/1.1 410 Gone\r\n";
    case 411:
      return "HTTP/1.1 411 Length Required\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 414:
      return "HTTP/1.1 414 URI Too Long\r\n";
    case 416:
      return "HTTP/1.1 416 Range Not Satisfiable\r\n";
    case 417:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500:
      return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 505:
      return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
    default:
      break;
  }
  // Statuses that nobody here gives by name are told by their class.
  if (status < 300) return "HTTP/1.1 200 OK\r\n";
  if (status < 400) return "HTTP/1.1 304 Not Modified\r\n";
  return status < 500 ? "HTTP/1.1 400 Bad Request\r\n" : "HTTP/1.1 500 Internal Server Error\r\n";
}

}  // namespace m4fhttp
