// From the media core's answer to HTTP's: validators, ranges, compression, headers. Pure but for the cache.
#pragma once

#include <memory>
#include <string_view>

#include "m4f/delivery/delivery.h"
#include "m4fhttp/exchange.h"

namespace m4fhttp {

// gzip of small texts that many clients ask for. Remembers what it made as long as the original lives.
// Thread-safe.
class GzipCache {
 public:
  GzipCache();
  ~GzipCache();
  m4f::SharedBytes get(const m4f::SharedBytes& text);  // null: no memory

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What of a request decides about the form of the answer.
struct Conditions {
  Method method = Method::kGet;
  std::string_view if_none_match = {}, if_range = {}, range = {}, accept_encoding = {};
};

// REQUIRES: reply.kind is kBody.
Response to_response(m4f::DeliveryReply&& reply, const Conditions& conditions, GzipCache& gzip);

// Whether an Accept-Encoding header allows gzip (RFC 9110 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);
// Whether an If-None-Match header names `etag`; the comparison is weak (RFC 9110 13.1.2).
bool names_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace m4fhttp
