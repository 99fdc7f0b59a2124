// StopSignals: SIGINT and SIGTERM as a request to end in order.
//
//   StopSignals signals([&](int signal) { reactor.Post([&] { Close(); }); });
//
// Make it before any other thread is started: the signals are blocked in the
// thread that makes it, and so in those that it starts later. A second signal
// ends the process at once, with the status a shell gives for it: the way out
// if closing hangs.

#ifndef RINGDIST_TOOLS_STOP_SIGNALS_H_
#define RINGDIST_TOOLS_STOP_SIGNALS_H_

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace ringdist {

class StopSignals {
 public:
  // `on_signal` runs at most once, on a thread of its own.
  explicit StopSignals(std::function<void(int signal)> on_signal);
  // Waits for `on_signal` if it is running. The signals stay blocked.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void WaitForSignals();

  const std::function<void(int signal)> on_signal_;
  sigset_t signals_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_STOP_SIGNALS_H_
