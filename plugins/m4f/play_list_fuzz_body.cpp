// Whatever the bytes: a list within its bounds or an error, and an order that stays inside of it.
#include <cstdlib>

#include "m4f/play_list.h"

extern "C" int play_list_fuzz_body(const uint8_t* data, size_t size) {
  const auto list = sluice::parse_play_list({reinterpret_cast<const char*>(data), size});
  if (!list) return list.error().message().empty() ? std::abort(), 1 : 0;
  if (list->items.size() > sluice::kMaxPlayItems) std::abort();
  for (const sluice::PlayItem& item : list->items)
    if (item.name.empty() || item.name.find('\n') != std::string::npos) std::abort();
  sluice::PlayOrder order;
  for (int i = 0; i < 4; ++i)
    if (const auto next = order.next(*list).item; next && *next >= list->items.size()) std::abort();
  return 0;
}
