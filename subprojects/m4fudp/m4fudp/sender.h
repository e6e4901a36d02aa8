// The thread that sends: one for all pushes of a process. It sleeps until the next datagram of any of them is
// due, with absolute deadlines, and never blocks on a socket.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "m4fudp/push.h"

namespace m4fudp {

class Sender {
 public:
  Sender();
  ~Sender();  // REQUIRES: no push is written any more

  // Any thread. A push is sent until it is removed.
  std::shared_ptr<Push> add(PushSettings settings);
  // Nothing is sent after it returned.
  void remove(const std::shared_ptr<Push>& push);

 private:
  using Schedule = std::multimap<Instant, Push*>;
  struct Entry {
    std::shared_ptr<Push> push;
    std::optional<Schedule::iterator> at;
  };

  void loop();
  void take_requests();
  void run(Push* push, Instant now);
  void schedule(Push* push, Instant at);
  void wait();
  void wake();
  void wake_for(Push& push);

  m4f::UniqueFd bell_;  // rings when there are requests

  FairMutex mutex_;  // guards what follows
  std::condition_variable_any removed_condition_;
  std::vector<std::shared_ptr<Push>> added_;
  std::vector<Push*> awake_, removed_;
  bool stop_ = false;

  // The thread's own.
  std::map<Push*, Entry> pushes_;
  Schedule schedule_;

  std::thread thread_;
};

}  // namespace m4fudp
