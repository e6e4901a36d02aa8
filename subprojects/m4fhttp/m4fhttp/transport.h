// A connected, non-blocking socket: plain or TLS.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "m4f/base/error.h"
#include "m4fhttp/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace m4fhttp {

enum class IoState { kOk, kBlocked, kClosed };

struct IoResult {
  IoState state;
  size_t bytes = 0;
};

// May move to another thread between two calls.
class Transport {
 public:
  virtual ~Transport() = default;
  int fd() const { return fd_.get(); }
  // Finishes the handshake, where there is one.
  virtual IoState handshake() { return IoState::kOk; }
  // kClosed: end of file or an error. kOk with as many bytes as fit may leave more to read.
  virtual IoResult read(std::span<char> into) = 0;
  // Writes as much as goes; kBlocked with bytes > 0 is possible. The same bytes come again after kBlocked.
  virtual IoResult write(std::span<const iovec> pieces) = 0;
  // Tells the peer that nothing follows.
  virtual void finish() = 0;
  virtual std::string_view protocol() const { return {}; }  // ALPN: "h2", "http/1.1"

 protected:
  explicit Transport(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

std::unique_ptr<Transport> make_plain_transport(UniqueFd fd);

// A server's certificate and its rules; shared by all its connections.
class TlsContext {
 public:
  static m4f::Result<std::shared_ptr<TlsContext>> load(const std::string& certificate,
                                                       const std::string& key);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  std::unique_ptr<Transport> accept(UniqueFd fd) const;  // null: out of memory

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace m4fhttp
