#include "ringdist/tools/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "ringdist/proto/check.h"

namespace ringdist {

StopSignals::StopSignals(std::function<void(int signal)> on_signal)
    : on_signal_(std::move(on_signal)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  RINGDIST_CHECK_EQ(pthread_sigmask(SIG_BLOCK, &signals_, nullptr), 0);
  thread_ = std::thread([this] { WaitForSignals(); });
}

StopSignals::~StopSignals() {
  ending_ = true;
  // Wakes the thread; nobody else gets this signal.
  RINGDIST_CHECK_EQ(pthread_kill(thread_.native_handle(), SIGINT), 0);
  thread_.join();
}

void StopSignals::WaitForSignals() {
  for (bool first = true;; first = false) {
    int signal = 0;
    RINGDIST_CHECK_EQ(sigwait(&signals_, &signal), 0);
    if (ending_) return;
    if (!first) _exit(128 + signal);
    on_signal_(signal);
  }
}

}  // namespace ringdist
