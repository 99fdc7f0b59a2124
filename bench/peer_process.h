// PeerProcess: the other end of a benchmark, in a process and on a processor of
// its own. It runs a function until it is destroyed.
//
//   PeerProcess sender([&] { SendForever(fds[1]); });
//
// Make it before anything that does not survive a fork: threads, rings.

#ifndef RINGDIST_BENCH_PEER_PROCESS_H_
#define RINGDIST_BENCH_PEER_PROCESS_H_

#include <sys/types.h>

#include <functional>

namespace ringdist {

// Keeps this thread on one processor, if there are so many. -1: on any.
void PinToProcessor(int processor);

class PeerProcess {
 public:
  // Runs `body` on one processor; this process is put on another. -1: it stays
  // where it may run now.
  explicit PeerProcess(const std::function<void()>& body, int own_processor = 0,
                       int peer_processor = 1);
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  // Kills it.
  ~PeerProcess();

 private:
  pid_t pid_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEER_PROCESS_H_
