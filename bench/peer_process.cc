#include "ringdist/bench/peer_process.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ringdist/proto/check.h"

namespace ringdist {

void PinToProcessor(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

PeerProcess::PeerProcess(const std::function<void()>& body, int own_processor,
                         int peer_processor)
    : pid_(fork()) {
  RINGDIST_CHECK_GE(pid_, 0);
  if (pid_ != 0) {
    PinToProcessor(own_processor);
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  PinToProcessor(peer_processor);
  body();
  _exit(0);
}

PeerProcess::~PeerProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace ringdist
