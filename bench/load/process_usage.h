// What this process uses of the machine, and may use.

#ifndef RINGDIST_BENCH_LOAD_PROCESS_USAGE_H_
#define RINGDIST_BENCH_LOAD_PROCESS_USAGE_H_

#include <sched.h>

#include <cstdint>

namespace ringdist {

// CPU time, of all threads.
uint64_t ProcessCpuNs();
// What the system has given to it.
uint64_t ResidentBytes();
// Lets it open as many descriptors as the system lets it.
void RaiseDescriptorLimit();

// Keeps this thread on a processor while it lives; -1 is anywhere.
class PinnedThread {
 public:
  explicit PinnedThread(int processor);
  ~PinnedThread();
  PinnedThread(const PinnedThread&) = delete;
  PinnedThread& operator=(const PinnedThread&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_PROCESS_USAGE_H_
