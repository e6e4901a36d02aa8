// The pages and scripts of the player, compiled in.
#pragma once

#include <string_view>
#include <vector>

namespace sluice::web {

struct Asset {
  std::string_view name;  // "player.js"
  std::string_view content;
};

std::vector<Asset> assets();

}  // namespace sluice::web
