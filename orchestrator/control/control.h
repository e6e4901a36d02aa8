// How a second sluiced tells the first one to read its file again: a local socket, named after the
// configuration.
//
// The name lies in Linux's abstract namespace: nothing is left behind in the file system by a server that was
// killed, and no listener of the configuration has to serve the API for it. Only root and the server's own
// user are heard.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "m4f/base/error.h"

namespace sluice::control {

struct Answer {
  bool good = false;
  std::string text;  // for the operator, lines
};

class Control {
 public:
  // `reload` is called in the control's own thread, one call at a time.
  explicit Control(std::function<Answer()> reload) : reload_(std::move(reload)) {}
  ~Control() { stop(); }

  // From now on who asks finds this server, and waits until start(). Fails if a server that runs by the same
  // file is there already.
  m4f::Result<void> open(const std::string& configuration);
  void start();  // nothing if open() failed
  void stop();

 private:
  void loop();
  void serve(int client);

  const std::function<Answer()> reload_;
  std::vector<int> listening_;
  int wake_ = -1;
  std::thread thread_;
};

// Asks the server that runs by this file. Nothing: none runs.
std::optional<Answer> ask_to_reload(const std::string& configuration);

}  // namespace sluice::control
