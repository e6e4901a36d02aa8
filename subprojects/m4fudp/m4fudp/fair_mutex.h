// A mutex whose holder inherits the priority of who waits for it: the sending thread, which goes before
// ordinary ones, never waits until the machine finds time for one of them.
#pragma once

#include <pthread.h>

namespace m4fudp {

class FairMutex {
 public:
  FairMutex() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&mutex_, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  ~FairMutex() { pthread_mutex_destroy(&mutex_); }
  FairMutex(const FairMutex&) = delete;
  FairMutex& operator=(const FairMutex&) = delete;

  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_;
};

}  // namespace m4fudp
