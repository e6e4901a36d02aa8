// A list of files and streams that is read anew for every item.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "m4f/play_list.h"

namespace sluice {

// What is to be played now.
struct PlayTurn {
  std::string path;  // of a file; empty: a stream
  std::optional<std::chrono::milliseconds> limit;
  std::optional<std::chrono::system_clock::time_point> start;
  std::string stream, missing;  // its name, and the problem if there is no such stream
};

class PlayListSource {
 public:
  // `location`: a path, or http(s)://. `vod`: where items lie, "NAME=DIRECTORY;NAME=DIRECTORY", each
  // character of these that is '%', '=' or ';' percent-encoded; a name may come again and its directories are
  // searched in order. `stopped`: asked while a server is waited for.
  PlayListSource(std::string location, const std::string& vod, std::function<bool()> stopped);

  struct Next {
    std::optional<PlayTurn> turn;  // nothing: ask again in a second
    std::string problem;           // one line; empty = all is well
  };
  Next next();

 private:
  m4f::Result<std::string> read() const;
  m4f::Result<std::string> fetch() const;
  m4f::Result<std::string> path_of(const std::string& item) const;

  const std::string location_;
  const std::function<bool()> stopped_;
  std::vector<std::pair<std::string, std::string>> directories_;
  PlayOrder order_;
};

}  // namespace sluice
