#include "m4f/m4f_client.h"

#include <algorithm>
#include <cstring>

#include "m4f/http_head.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Errc;
using m4f::Result;

constexpr size_t kMaxHead = 16384;

}  // namespace

Result<M4fAddress> M4fAddress::parse(const std::string& uri) {
  // The name goes into a request line as it is, and GLib would leave such characters out.
  if (std::any_of(uri.begin(), uri.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; })) {
    return m4f::error(Errc::kInvalid, "\"{}\": write blanks and control characters as %20", uri);
  }
  gstx::Text scheme, host, path;
  gint port = -1;
  const gboolean split = g_uri_split(uri.c_str(), G_URI_FLAGS_ENCODED_PATH, gstx::out(scheme), nullptr,
                                     gstx::out(host), &port, gstx::out(path), nullptr, nullptr, nullptr);
  if (!split || !scheme || !host || !path || g_ascii_strcasecmp(scheme.get(), "m4f") != 0 || !*host ||
      port <= 0 || port > 65535 || std::strlen(path.get()) < 2) {
    return m4f::error(Errc::kInvalid, "\"{}\" is no M4F address: write m4f://HOST:PORT/NAME", uri);
  }
  return M4fAddress{host.get(), static_cast<uint16_t>(port), path.get() + 1};
}

Result<M4fClient::Got> M4fClient::fail(const GError* fault) const {
  if (g_error_matches(fault, G_IO_ERROR, G_IO_ERROR_CANCELLED)) return Got::kCancelled;
  if (g_error_matches(fault, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
    return m4f::error(Errc::kIo, "no data from {}:{} for {} ms", address_.host, address_.port,
                      timeout_.count());
  }
  return m4f::error(Errc::kIo, "{}:{}: {}", address_.host, address_.port,
                    fault ? fault->message : "no connection");
}

Result<M4fClient::Got> M4fClient::connect() {
  Ptr<GSocketClient> client(g_socket_client_new());
  g_socket_client_set_timeout(client.get(), static_cast<guint>((timeout_.count() + 999) / 1000));
  Ptr<GError> fault;
  connection_.reset(g_socket_client_connect_to_host(client.get(), address_.host.c_str(), address_.port,
                                                    cancellable_, gstx::out(fault)));
  if (!connection_) return fail(fault.get());
  const bool v6 = address_.host.find(':') != std::string::npos;
  const std::string request = fmt::format(
      "GET /{} HTTP/1.1\r\nHost: {}{}{}:{}\r\nUser-Agent: sluice\r\n"
      "Accept: application/x-m4f\r\nConnection: close\r\n\r\n",
      address_.name, v6 ? "[" : "", address_.host, v6 ? "]" : "", address_.port);
  GOutputStream* to = g_io_stream_get_output_stream(G_IO_STREAM(connection_.get()));
  if (!g_output_stream_write_all(to, request.data(), request.size(), nullptr, cancellable_,
                                 gstx::out(fault))) {
    return fail(fault.get());
  }
  return read_head();
}

Result<M4fClient::Got> M4fClient::receive(std::span<uint8_t> into, size_t& size) {
  GSocket* socket = g_socket_connection_get_socket(connection_.get());
  Ptr<GError> fault;
  const gint64 wait = std::chrono::microseconds(timeout_).count();
  if (!g_socket_condition_timed_wait(socket, G_IO_IN, wait, cancellable_, gstx::out(fault)))
    return fail(fault.get());
  const gssize got = g_socket_receive(socket, reinterpret_cast<gchar*>(into.data()), into.size(),
                                      cancellable_, gstx::out(fault));
  if (got < 0) return fail(fault.get());
  size = static_cast<size_t>(got);
  return got == 0 ? Got::kEnd : Got::kBytes;
}

Result<M4fClient::Got> M4fClient::read_head() {
  std::string head;
  size_t end = std::string::npos;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    uint8_t buffer[4096];
    size_t size = 0;
    auto got = receive(buffer, size);
    if (!got || *got == Got::kCancelled) return got;
    if (*got == Got::kEnd || head.size() + size > kMaxHead) {
      return m4f::error(Errc::kInvalid, "{}:{} is no M4F server", address_.host, address_.port);
    }
    head.append(reinterpret_cast<const char*>(buffer), size);
  }
  early_ = head.substr(end + 4);
  const std::string_view status = response_status(head);
  if (status.empty()) {
    return m4f::error(Errc::kInvalid, "{}:{} is no M4F server", address_.host, address_.port);
  }
  if (status.starts_with("404")) {
    return m4f::error(Errc::kNotFound, "{}:{} has no stream \"{}\"", address_.host, address_.port,
                      address_.name);
  }
  if (!status.starts_with("200")) {
    return m4f::error(Errc::kIo, "{}:{} answered {}", address_.host, address_.port, status);
  }
  return Got::kBytes;
}

Result<M4fClient::Got> M4fClient::read(std::span<uint8_t> into, size_t& size) {
  if (early_.empty()) return receive(into, size);
  size = std::min(into.size(), early_.size());
  std::memcpy(into.data(), early_.data(), size);
  early_.erase(0, size);
  return Got::kBytes;
}

}  // namespace sluice
