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

// Keeps this thread on one processor, if there are so many.
void PinToProcessor(int processor);

class PeerProcess {
 public:
  // Runs `body` on processor 1; this process is put on processor 0.
  explicit PeerProcess(const std::function<void()>& body);
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  // Kills it.
  ~PeerProcess();

 private:
  pid_t pid_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEER_PROCESS_H_
