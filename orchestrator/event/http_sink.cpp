#include "orchestrator/event/http_sink.h"

#include <utility>

namespace sluice::event {
namespace {

constexpr guint kSilenceSeconds = 10;          // a receiver that neither reads nor writes
constexpr std::chrono::seconds kPatience{20};  // for a whole exchange
constexpr size_t kMaxAnswer = 64 * 1024;       // more of it is not read; nothing in it matters

const auto kUriFlags = static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS);  // the macro is an int in C++

std::string take_text(gchar* text) {
  std::string out(text ? text : "");
  g_free(text);
  return out;
}

std::string take_text(GError* error) {
  std::string out(error ? error->message : "unknown error");
  g_clear_error(&error);
  return out;
}

std::string answer_problem(guint status) {
  if (status >= 200 && status < 300) return {};
  if (status >= 300 && status < 400)
    return fmt::format("it answers {} and wants to be asked elsewhere: write the final address", status);
  return fmt::format("it answers {}", status);
}

}  // namespace

std::string signature(std::string_view body, std::string_view key) {
  GChecksum* sum = g_checksum_new(G_CHECKSUM_SHA1);
  for (const std::string_view part : {body, key})
    g_checksum_update(sum, reinterpret_cast<const guchar*>(part.data()), static_cast<gssize>(part.size()));
  std::string out(g_checksum_get_string(sum));
  g_checksum_free(sum);
  return out;
}

m4f::Result<std::shared_ptr<Sink>> HttpSink::make(const config::EventSink& config, std::string server,
                                                  Log& log) {
  GError* error = nullptr;
  UriPtr uri(g_uri_parse(config.url.c_str(), kUriFlags, &error));
  if (!uri) return m4f::error(m4f::Errc::kInvalid, "{}", take_text(error));
  if (!g_uri_get_host(uri.get()) || !*g_uri_get_host(uri.get()))
    return m4f::error(m4f::Errc::kInvalid, "the URL names no host");
  std::string authorization;
  if (const char* user = g_uri_get_user(uri.get())) {
    const char* password = g_uri_get_password(uri.get());
    const std::string both = std::string(user) + ":" + (password ? password : "");
    authorization =
        "Basic " + take_text(g_base64_encode(reinterpret_cast<const guchar*>(both.data()), both.size()));
    uri.reset(g_uri_build(kUriFlags, g_uri_get_scheme(uri.get()), nullptr, g_uri_get_host(uri.get()),
                          g_uri_get_port(uri.get()), g_uri_get_path(uri.get()), g_uri_get_query(uri.get()),
                          nullptr));
  }
  return std::shared_ptr<Sink>(
      new HttpSink(config, std::move(uri), std::move(authorization), std::move(server), log));
}

HttpSink::HttpSink(const config::EventSink& config, UriPtr uri, std::string authorization, std::string server,
                   Log& log)
    : name_(config.name),
      sign_key_(config.sign_key),
      authorization_(std::move(authorization)),
      extra_{std::move(server), config.extra},
      resend_timeout_(config.resend_timeout),
      uri_(std::move(uri)),
      address_(take_text(g_uri_to_string_partial(uri_.get(), G_URI_HIDE_USERINFO))),
      log_(log),
      outbox_(
          {config.throttle_delay, config.resend_limit.value_or(Outbox::kResendLimit), config.resend_timeout}),
      thread_("event-http", [this] { pump(); }) {
  thread_.start();
}

HttpSink::~HttpSink() = default;

void HttpSink::offer(StampedPtr event) {
  std::lock_guard lock(mutex_);
  outbox_.push(std::move(event), Outbox::Clock::now());
  thread_.wake();
}

SinkFigures HttpSink::figures() const {
  std::lock_guard lock(mutex_);
  return outbox_.figures();
}

void HttpSink::close() {
  std::lock_guard lock(mutex_);
  closing_ = true;
  outbox_.hurry();
  thread_.wake();
}

void HttpSink::pump() {
  const auto now = Outbox::Clock::now();
  std::unique_lock lock(mutex_);
  if (closing_ && close_by_ == Outbox::Time()) close_by_ = now + kCloseDeadline;
  if (busy_) {
    const auto by = closing_ ? std::min(give_up_, close_by_) : give_up_;
    if (now >= by) return g_cancellable_cancel(cancel_);  // answered() or read() follow
    return thread_.wake_at(by);
  }
  if (closing_ && (outbox_.empty() || now >= close_by_)) {
    outbox_.drop_all();
    return end();
  }
  const auto batch = outbox_.take(now);
  if (batch.empty()) {
    if (const auto at = outbox_.due()) thread_.wake_at(*at);
    return;
  }
  give_up_ = now + kPatience;
  busy_ = true;
  thread_.wake_at(closing_ ? std::min(give_up_, close_by_) : give_up_);
  lock.unlock();
  send(batch);
}

void HttpSink::send(const std::vector<Outbox::Item>& batch) {
  if (!session_)
    session_ = soup_session_new_with_options("timeout", kSilenceSeconds, "user-agent", "Sluice",
                                             "proxy-resolver", nullptr, nullptr);
  std::string body = "[";
  for (const Outbox::Item& item : batch) {
    if (body.size() > 1) body += ",\n";
    body += json_text(*item.event, item.sequence, extra_);
  }
  body += "]";
  batch_size_ = batch.size();
  message_ = soup_message_new_from_uri("POST", uri_.get());
  soup_message_set_flags(message_, SOUP_MESSAGE_NO_REDIRECT);
  SoupMessageHeaders* headers = soup_message_get_request_headers(message_);
  if (!sign_key_.empty())
    soup_message_headers_replace(headers, "X-Signature", signature(body, sign_key_).c_str());
  if (!authorization_.empty()) soup_message_headers_replace(headers, "Authorization", authorization_.c_str());
  GBytes* bytes = g_bytes_new(body.data(), body.size());
  soup_message_set_request_body_from_bytes(message_, "application/json", bytes);
  g_bytes_unref(bytes);
  cancel_ = g_cancellable_new();
  soup_session_send_async(
      session_, message_, G_PRIORITY_DEFAULT, cancel_,
      [](GObject*, GAsyncResult* result, gpointer self) { static_cast<HttpSink*>(self)->answered(result); },
      this);
}

void HttpSink::answered(GAsyncResult* result) {
  GError* error = nullptr;
  body_ = soup_session_send_finish(session_, result, &error);
  if (!body_) return finish(take_text(error));
  read_ = 0;
  read_more();
}

// The answer is read to its end, so that the connection can be used again.
void HttpSink::read_more() {
  g_input_stream_read_async(
      body_, buffer_.data(), buffer_.size(), G_PRIORITY_DEFAULT, cancel_,
      [](GObject*, GAsyncResult* result, gpointer self) { static_cast<HttpSink*>(self)->read(result); },
      this);
}

void HttpSink::read(GAsyncResult* result) {
  const gssize n = g_input_stream_read_finish(body_, result, nullptr);
  read_ += n > 0 ? static_cast<size_t>(n) : 0;
  if (n > 0 && read_ < kMaxAnswer) return read_more();
  finish(answer_problem(soup_message_get_status(message_)));
}

void HttpSink::finish(std::string problem) {
  if (g_cancellable_is_cancelled(cancel_) && !problem.empty()) problem = "no answer in time";
  g_clear_object(&body_);
  g_clear_object(&message_);
  g_clear_object(&cancel_);
  busy_ = false;
  if (problem.empty() == troubled_) {
    troubled_ = !problem.empty();
    if (troubled_)
      log_.warning("event sink {}: {} does not take events: {}; tried again every {} s", name_, address_,
                   problem, resend_timeout_.count());
    else
      log_.info("event sink {}: {} takes events again", name_, address_);
  }
  std::lock_guard lock(mutex_);
  outbox_.done(problem.empty() ? batch_size_ : 0, problem, Outbox::Clock::now());
  if (closing_ && !problem.empty()) outbox_.drop_all();
  thread_.wake();
}

void HttpSink::end() {
  if (session_) soup_session_abort(session_);
  g_clear_object(&session_);
  thread_.quit();
}

}  // namespace sluice::event
