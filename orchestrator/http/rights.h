// Who may watch, by rules that need no other server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

// Whether a page may embed a stream: the host of `referer` must match one of `domains` (`*` stands for any
// text; letters' case does not matter) or be the server's own, by which the client asked (`own_host`, the
// Host header). Everything may if there are no domains; so may clients that send no Referer, which are no
// browsers.
bool referer_allowed(const std::vector<std::string>& domains, std::string_view referer,
                     std::string_view own_host);

}  // namespace sluice::http
