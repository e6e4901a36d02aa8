// The pages of the player and their files, from memory.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "m4fhttp/delivery_response.h"
#include "m4fhttp/exchange.h"

namespace sluice::http {

// Thread-safe once made.
class Pages {
 public:
  Pages();

  void index(m4fhttp::Exchange& exchange) { page(exchange, "index.html", "frame-ancestors 'none'"); }
  // The player may stand in anyone's page.
  void embed(m4fhttp::Exchange& exchange) { page(exchange, "embed.html", "frame-ancestors *"); }
  // /-/assets/NAME; 404 for every name that is not one of ours.
  void asset(m4fhttp::Exchange& exchange, std::string_view name);

 private:
  struct File {
    m4f::SharedBytes bytes;
    std::string type, etag;
  };
  void page(m4fhttp::Exchange& exchange, std::string_view name, std::string_view frame_rule);
  m4fhttp::Response answer(m4fhttp::Exchange& exchange, const File& file);

  std::map<std::string, File, std::less<>> files_;
  m4fhttp::GzipCache gzip_;
};

}  // namespace sluice::http
