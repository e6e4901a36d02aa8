#include "m4fhttp/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace m4fhttp {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(UniqueFd fd) : Transport(std::move(fd)) {}

  IoResult read(std::span<char> into) override {
    for (;;) {
      const ssize_t n = recv(fd_.get(), into.data(), into.size(), 0);
      if (n > 0) return {IoState::kOk, static_cast<size_t>(n)};
      if (n == 0) return {IoState::kClosed};
      if (errno == EINTR) continue;
      return {errno == EAGAIN ? IoState::kBlocked : IoState::kClosed};
    }
  }

  IoResult write(std::span<const iovec> pieces) override {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    for (;;) {
      const ssize_t n = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
      if (n >= 0) return {IoState::kOk, static_cast<size_t>(n)};
      if (errno == EINTR) continue;
      return {errno == EAGAIN ? IoState::kBlocked : IoState::kClosed};
    }
  }

  void finish() override { shutdown(fd_.get(), SHUT_WR); }
};

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(UniqueFd fd, std::unique_ptr<SSL, SslFree> ssl)
      : Transport(std::move(fd)), ssl_(std::move(ssl)) {}

  IoState handshake() override {
    ERR_clear_error();
    const int done = SSL_accept(ssl_.get());
    return done == 1 ? IoState::kOk : state(done);
  }

  IoResult read(std::span<char> into) override {
    // SSL_read gives one record at a time: go on until the buffer is full or the socket has no more, so that
    // a short count means what it means on a plain socket.
    size_t total = 0;
    while (total < into.size()) {
      ERR_clear_error();
      size_t n = 0;
      const int done = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &n);
      if (done != 1) return total ? IoResult{IoState::kOk, total} : IoResult{state(done)};
      total += n;
    }
    return {IoState::kOk, total};
  }

  IoResult write(std::span<const iovec> pieces) override {
    size_t total = 0;
    for (const iovec& piece : pieces) {
      size_t at = 0;
      while (at < piece.iov_len) {
        ERR_clear_error();
        size_t n = 0;
        const int done =
            SSL_write_ex(ssl_.get(), static_cast<const char*>(piece.iov_base) + at, piece.iov_len - at, &n);
        if (done != 1) {
          const IoState why = state(done);
          return {total && why == IoState::kBlocked ? IoState::kOk : why, total};
        }
        at += n;
        total += n;
      }
    }
    return {IoState::kOk, total};
  }

  void finish() override {
    ERR_clear_error();
    if (!failed_) SSL_shutdown(ssl_.get());
    shutdown(fd_.get(), SHUT_WR);
  }

  std::string_view protocol() const override {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

 private:
  IoState state(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return IoState::kBlocked;
      default:
        failed_ = true;  // SSL_shutdown() is not allowed after a fatal error
        return IoState::kClosed;
    }
  }

  std::unique_ptr<SSL, SslFree> ssl_;
  bool failed_ = false;
};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x02h2\x08http/1.1";
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, kOurs, sizeof kOurs - 1, in, in_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

std::string last_error() {
  const unsigned long code = ERR_get_error();
  if (ERR_SYSTEM_ERROR(code)) return strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "not readable";
}

}  // namespace

std::unique_ptr<Transport> make_plain_transport(UniqueFd fd) {
  return std::make_unique<PlainTransport>(std::move(fd));
}

m4f::Result<std::shared_ptr<TlsContext>> TlsContext::load(const std::string& certificate,
                                                          const std::string& key) {
  ERR_clear_error();
  SSL_CTX* raw = SSL_CTX_new(TLS_server_method());
  if (!raw) return m4f::error(m4f::Errc::kIo, "TLS: {}", last_error());
  std::shared_ptr<TlsContext> context(new TlsContext(raw));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(
      raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, certificate.c_str()) != 1)
    return m4f::error(m4f::Errc::kIo, "certificate {}: {}: give the path of a PEM file that can be read",
                      certificate, last_error());
  const std::string& key_file = key.empty() ? certificate : key;
  if (SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return m4f::error(m4f::Errc::kIo, "certificate key {}: {}: give the path of the certificate's PEM key",
                      key_file, last_error());
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

std::unique_ptr<Transport> TlsContext::accept(UniqueFd fd) const {
  std::unique_ptr<SSL, SslFree> ssl(SSL_new(context_));
  if (!ssl || SSL_set_fd(ssl.get(), fd.get()) != 1) return nullptr;
  return std::make_unique<TlsTransport>(std::move(fd), std::move(ssl));
}

}  // namespace m4fhttp
