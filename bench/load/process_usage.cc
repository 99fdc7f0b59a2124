#include "ringdist/bench/load/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <fstream>

#include "ringdist/bench/peer_process.h"

namespace ringdist {

uint64_t ProcessCpuNs() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(time.tv_nsec);
}

uint64_t ResidentBytes() {
  uint64_t all_pages = 0;
  uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

PinnedThread::PinnedThread(int processor) {
  sched_getaffinity(0, sizeof(before_), &before_);
  PinToProcessor(processor);
}

PinnedThread::~PinnedThread() {
  sched_setaffinity(0, sizeof(before_), &before_);
}

}  // namespace ringdist
