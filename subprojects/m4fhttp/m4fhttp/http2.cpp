#include "m4fhttp/http2.h"

#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "m4fhttp/http1_parser.h"

namespace m4fhttp {
namespace {

constexpr uint32_t kMaxStreams = 100;
constexpr size_t kLiveRead = 64 * 1024;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

Method method_of(std::string_view text) {
  static constexpr std::pair<std::string_view, Method> kMethods[] = {
      {"GET", Method::kGet},   {"HEAD", Method::kHead}, {"OPTIONS", Method::kOptions},
      {"POST", Method::kPost}, {"PUT", Method::kPut},   {"DELETE", Method::kDelete}};
  for (const auto& [name, method] : kMethods)
    if (text == name) return method;
  return Method::kOther;
}

}  // namespace

// One stream of the connection.
class Http2Exchange final : public Exchange {
 public:
  Http2Exchange(Http2Connection& connection, int32_t stream)
      : connection_(&connection), loop_(&connection.worker_.loop), stream_(stream) {
    client = connection.parts_.client;
    listener = connection.parts_.listener;
    tls = connection.parts_.tls;
  }

  std::string_view header(std::string_view name) const override {
    for (const auto& [key, value] : fields)
      if (key == name) return value;
    return {};
  }
  std::string_view body() const override { return request_body; }

  void reply(Response response) override {
    if (!connection_ || answered_) return;
    answered_ = true;
    reader_.reset();  // an answer before the body's end is the end of it
    const bool bodiless = method == Method::kHead || response.status == 204 || response.status == 304;
    std::string length;
    if (response.status != 204 && response.status != 304) length = std::to_string(response.size());
    body_ = bodiless ? std::vector<Slice>() : std::move(response.body);
    submit(response, length, !body_.empty());
  }

  void hold(std::shared_ptr<ChangeSource> source, uint64_t seen, Clock::time_point deadline,
            std::function<void(Exchange&)> again) override {
    if (!connection_ || answered_) return;
    Worker& worker = connection_->worker_;
    hold_ = worker.holds.add(std::move(source), seen, deadline,
                             [self = shared_from_this(), again = std::move(again), &worker] {
                               static_cast<Http2Exchange&>(*self).hold_ = 0;
                               again(*self);
                               worker.count_held();
                             });
    worker.count_held();
  }

  void go_live(Response response, LiveRequest request) override {
    if (!connection_ || answered_) return;
    answered_ = true;
    const bool head_only = method == Method::kHead;
    if (!head_only) {
      live_ = std::move(request);
      // A chunk wakes the stream in its worker; several that come close together wake it once.
      auto rung = std::make_shared<std::atomic<bool>>(false);
      subscription_ =
          live_.feed->subscribe([weak = std::weak_ptr<Exchange>(shared_from_this()), loop = loop_, rung] {
            if (rung->exchange(true)) return;
            loop->post([weak, rung] {
              rung->store(false);
              if (const auto self = weak.lock()) static_cast<Http2Exchange&>(*self).resume();
            });
          });
    }
    submit(response, {}, !head_only);
  }

  void defer(std::function<void(Exchange&)> work) override {
    loop_->post([self = shared_from_this(), work = std::move(work)] {
      auto& exchange = static_cast<Http2Exchange&>(*self);
      if (exchange.connection_ && !exchange.answered_) work(exchange);
    });
  }

  void resume_body() override {
    loop_->post([self = shared_from_this()] { static_cast<Http2Exchange&>(*self).take_more(); });
  }

  // The connection's side.
  bool waiting() const { return dispatched && !answered_ && !hold_ && !reader_; }
  bool taking() const { return reader_ != nullptr && !paused_; }
  bool answered() const { return answered_; }
  void take_by(std::shared_ptr<BodyReader> reader) { reader_ = std::move(reader); }
  // A piece of the body. True: the client may send as much again.
  bool take(std::string_view bytes) {
    if (answered_ || !reader_) return true;  // thrown away
    last_data = Clock::now();
    const std::shared_ptr<BodyReader> reader = reader_;  // it may answer, which lets it go
    if (!reader->data(bytes) && reader_) paused_ = true;
    if (!paused_) return true;
    unconsumed_ += bytes.size();
    return false;
  }
  void end_body(std::string_view broken) {
    const std::shared_ptr<BodyReader> reader = std::exchange(reader_, nullptr);
    if (!reader || answered_) return;
    broken.empty() ? reader->end() : reader->broken(broken);
  }
  void abandon() {
    if (connection_ && hold_) {
      connection_->worker_.holds.cancel(hold_);
      connection_->worker_.count_held();
    }
    hold_ = 0;
    connection_ = nullptr;
    end_body("the client has left");
    subscription_.reset();
    live_ = {};
    body_.clear();
  }

  // nghttp2 asks for up to `size` bytes of the response's body.
  ssize_t produce(uint8_t* out, size_t size, uint32_t* flags) {
    const bool ended = live_.feed && live_.feed->ended();  // before the last look for chunks
    size_t given = 0;
    while (given < size) {
      if (next_ == body_.size() && !(live_.feed && read_live())) break;
      const Slice& slice = body_[next_];
      const size_t n = std::min(size - given, slice.size - sent_);
      std::memcpy(out + given, slice.bytes->data() + slice.offset + sent_, n);
      given += n;
      sent_ += n;
      if (sent_ == slice.size) {
        body_[next_++].bytes.reset();
        sent_ = 0;
      }
    }
    if (live_.feed) {
      if (live_.session && given) live_.session->sent(given);
      if (given == 0 && !ended) {
        deferred_ = true;
        return NGHTTP2_ERR_DEFERRED;
      }
      if (given == 0) *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (next_ == body_.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(given);
  }

  std::vector<std::pair<std::string, std::string>> fields;
  std::string request_body, path, method_name;
  size_t fields_size = 0;
  bool too_large = false, dispatched = false;
  Clock::time_point last_data;  // of a body that is taken as it comes

 private:
  void take_more() {
    if (!connection_ || !std::exchange(paused_, false)) return;
    last_data = Clock::now();
    nghttp2_session_consume_stream(connection_->session_, stream_, std::exchange(unconsumed_, 0));
    connection_->write();
  }

  bool read_live() {
    std::vector<m4f::SharedBytes> chunks;
    if (!live_.feed->read(cursor_, kLiveRead, chunks)) return false;
    body_.clear();
    next_ = sent_ = 0;
    for (auto& chunk : chunks)
      if (const size_t size = chunk->size()) body_.push_back({std::move(chunk), 0, size});
    return !body_.empty();
  }

  void resume() {
    if (!connection_ || !deferred_) return;
    deferred_ = false;
    nghttp2_session_resume_data(connection_->session_, stream_);
    connection_->write();
  }

  void submit(const Response& response, const std::string& length, bool with_body) {
    std::vector<std::pair<std::string, std::string>> lines;
    lines.emplace_back(":status", std::to_string(response.status));
    std::string head(connection_->worker_.date());
    head += response.head;
    for (std::string_view rest = head; !rest.empty();) {
      const size_t end = rest.find("\r\n"), colon = rest.find(": ");
      lines.emplace_back(lower(rest.substr(0, colon)), rest.substr(colon + 2, end - colon - 2));
      rest.remove_prefix(end + 2);
    }
    if (!length.empty()) lines.emplace_back("content-length", length);
    std::vector<nghttp2_nv> pairs;
    for (auto& [name, value] : lines)
      pairs.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()),
                       name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session*, int32_t, uint8_t* out, size_t size, uint32_t* flags,
                                nghttp2_data_source* source, void*) {
      return static_cast<Http2Exchange*>(source->ptr)->produce(out, size, flags);
    };
    nghttp2_submit_response(connection_->session_, stream_, pairs.data(), pairs.size(),
                            with_body ? &provider : nullptr);
    connection_->write();
  }

  Http2Connection* connection_;  // null: the client or the stream has gone
  EventLoop* loop_;
  const int32_t stream_;
  bool answered_ = false, deferred_ = false;
  Holds::Id hold_ = 0;
  std::vector<Slice> body_;
  size_t next_ = 0, sent_ = 0;
  LiveRequest live_;
  LiveFeed::Cursor cursor_;
  std::shared_ptr<void> subscription_;
  std::shared_ptr<BodyReader> reader_;  // takes the body as it comes
  bool paused_ = false;                 // and takes nothing for now
  size_t unconsumed_ = 0;               // bytes for which the client gets no leave to send more
};

struct Http2Callbacks {
  static Http2Connection& self(void* user) { return *static_cast<Http2Connection*>(user); }
  static Http2Exchange* find(void* user, int32_t stream) {
    const auto found = self(user).streams_.find(stream);
    return found == self(user).streams_.end() ? nullptr : found->second.get();
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Http2Connection& connection = self(user);
    connection.streams_[frame->hd.stream_id] =
        std::make_shared<Http2Exchange>(connection, frame->hd.stream_id);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
    Http2Exchange* exchange = find(user, frame->hd.stream_id);
    if (!exchange || exchange->dispatched) return 0;  // trailers tell us nothing
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    exchange->fields_size += name_size + value_size + 32;  // as RFC 9113 6.5.2 counts
    if (exchange->fields_size > kMaxHead || exchange->fields.size() == kMaxFields)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream
    if (key == ":path")
      exchange->path = text;
    else if (key == ":method")
      exchange->method_name = text;
    else if (key == ":authority")
      exchange->fields.emplace_back("host", text);
    else if (!key.empty() && key[0] != ':')
      exchange->fields.emplace_back(key, text);
    return 0;
  }

  static int data(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes, size_t size, void* user) {
    Http2Exchange* exchange = find(user, stream);
    nghttp2_session* session = self(user).session_;
    nghttp2_session_consume_connection(session, size);
    if (!exchange || !exchange->dispatched || exchange->take({reinterpret_cast<const char*>(bytes), size}))
      nghttp2_session_consume_stream(session, stream, size);
    if (!exchange || exchange->too_large) return 0;
    if (exchange->dispatched) {
      // RFC 9113 8.1: who was answered need not send the rest.
      if (exchange->answered())
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
      return 0;
    }
    if (exchange->request_body.size() + size > self(user).worker_.shared.settings.max_body) {
      exchange->too_large = true;
      exchange->request_body.clear();
      return 0;
    }
    exchange->request_body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool head = frame->hd.type == NGHTTP2_HEADERS, part = head || frame->hd.type == NGHTTP2_DATA;
    if (part && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
      self(user).request_complete(frame->hd.stream_id);
    else if (head && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      self(user).offer_body(frame->hd.stream_id);
    return 0;
  }

  static int closed(nghttp2_session*, int32_t stream, uint32_t, void* user) {
    self(user).forget(stream);
    return 0;
  }
};

Http2Connection::Http2Connection(Worker& worker, Parts parts) : Connection(worker, std::move(parts)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Http2Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Http2Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Http2Callbacks::data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Http2Callbacks::frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Http2Callbacks::closed);
  // What a body's reader does not take yet, its client gets no leave to send (RFC 9113 5.2).
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxHead}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  set_deadline(worker_.shared.settings.header_timeout);
}

Http2Connection::~Http2Connection() {
  for (auto& [id, exchange] : streams_) exchange->abandon();
  // Its callbacks look for streams: they are gone.
  streams_.clear();
  nghttp2_session_del(session_);
}

void Http2Connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = worker_.loop.now() + from_now;
}

void Http2Connection::on_events(uint32_t events) {
  if (closed()) return;
  if (events & (EPOLLERR | EPOLLHUP)) return leave();
  if (events & (EPOLLIN | EPOLLRDHUP)) readable_ = true;
  if (events & EPOLLOUT) blocked_ = false;
  if (read()) write();
}

// False: the connection has ended.
bool Http2Connection::read() {
  while (readable_ && !closed()) {
    const IoResult got = parts_.transport->read(worker_.scratch);
    if (got.state == IoState::kBlocked) {
      readable_ = false;
      break;
    }
    if (got.state == IoState::kClosed) {
      leave();
      return false;
    }
    busy_ = true;
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(worker_.scratch.data()), got.bytes);
    busy_ = false;
    if (taken < 0) {
      leave();
      return false;
    }
  }
  return !closed();
}

void Http2Connection::write() {
  if (busy_ || closed()) return;  // whoever is in nghttp2 writes when it is out
  busy_ = true;
  bool failed = false;
  while (!blocked_) {
    if (pending_size_ == 0) {
      const ssize_t size = nghttp2_session_mem_send(session_, &pending_);
      failed = size < 0;
      if (size <= 0) break;
      pending_size_ = static_cast<size_t>(size);
    }
    const iovec piece{const_cast<uint8_t*>(pending_), pending_size_};
    const IoResult result = parts_.transport->write({&piece, 1});
    failed = result.state == IoState::kClosed;
    if (failed) break;
    pending_ += result.bytes;
    pending_size_ -= result.bytes;
    blocked_ = result.state == IoState::kBlocked;
    const ServerSettings& settings = worker_.shared.settings;
    if (result.bytes > 0) set_deadline(blocked_ ? settings.stall_timeout : settings.idle_timeout);
  }
  busy_ = false;
  const bool over =
      !nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_) && pending_size_ == 0;
  if (failed || over) leave();
}

// 0, or what is wrong with it.
int Http2Connection::read_head(Http2Exchange& exchange) {
  exchange.method = method_of(exchange.method_name);
  if (exchange.method == Method::kOptions && exchange.path == "*") return 0;
  return parse_target(exchange.path, exchange.target);
}

// A request with a body: does the handler take it as it comes?
void Http2Connection::offer_body(int32_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const std::shared_ptr<Http2Exchange> exchange = found->second;
  if (read_head(*exchange) != 0) return;  // said at its end
  std::shared_ptr<BodyReader> reader = worker_.shared.handler.stream_body(exchange);
  if (!reader && !exchange->answered()) return;
  exchange->dispatched = true;
  worker_.count_request();
  set_deadline(worker_.shared.settings.idle_timeout);
  if (!reader || exchange->answered()) return;
  exchange->last_data = worker_.loop.now();
  exchange->take_by(std::move(reader));
  if (!equals_lower(exchange->header("expect"), "100-continue")) return;
  static constexpr std::string_view kName = ":status", kStatus = "100";
  nghttp2_nv status{reinterpret_cast<uint8_t*>(const_cast<char*>(kName.data())),
                    reinterpret_cast<uint8_t*>(const_cast<char*>(kStatus.data())), kName.size(),
                    kStatus.size(), NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream, nullptr, &status, 1, nullptr);
}

void Http2Connection::request_complete(int32_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const std::shared_ptr<Http2Exchange> exchange = found->second;
  if (exchange->dispatched) return exchange->end_body({});
  exchange->dispatched = true;
  worker_.count_request();
  set_deadline(worker_.shared.settings.idle_timeout);
  int status = exchange->too_large ? 413 : read_head(*exchange);
  if (status != 0) return exchange->reply(Response{.status = status});
  worker_.shared.handler.handle(exchange);
  if (exchange->waiting() && exchange.use_count() == 2) exchange->reply(Response{.status = 500});
}

void Http2Connection::forget(int32_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  found->second->abandon();
  streams_.erase(found);
}

void Http2Connection::leave() {
  for (auto& [id, exchange] : streams_) exchange->abandon();
  close();
}

void Http2Connection::sweep(EventLoop::Clock::time_point now) {
  std::vector<std::shared_ptr<Http2Exchange>> forgotten;
  bool patient = false;
  std::vector<std::shared_ptr<Http2Exchange>> stalled;
  for (auto& [id, exchange] : streams_) {
    if (exchange->waiting() && exchange.use_count() == 1) forgotten.push_back(exchange);
    if (exchange->taking() && now - exchange->last_data >= worker_.shared.settings.stall_timeout)
      stalled.push_back(exchange);
    patient |= exchange->dispatched;
  }
  for (const auto& exchange : forgotten) exchange->reply(Response{.status = 500});
  for (const auto& exchange : stalled) {
    exchange->end_body("nothing came from the client for too long");
    exchange->reply(Response{.status = 408});
  }
  if (closed()) return;
  // A stream that waits for its answer may take its time; a socket that takes nothing may not.
  if (now < deadline_ || (patient && !blocked_ && pending_size_ == 0)) return;
  leave();
}

}  // namespace m4fhttp
