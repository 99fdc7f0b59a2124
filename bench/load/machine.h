// Machine: what a result was measured on, and with which build.

#ifndef RINGDIST_BENCH_LOAD_MACHINE_H_
#define RINGDIST_BENCH_LOAD_MACHINE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace ringdist {

// What cannot be found out is "unknown" or 0.
struct Machine {
  std::string kernel;  // "Linux 6.18.5 x86_64"
  std::string cpu;     // "AMD EPYC 9B14"
  int cpus = 0;        // On which this process may run.
  uint64_t memory_bytes = 0;
  bool is_virtual = false;  // Whether the processor says so.
  std::string commit;       // That the program was built from.
  std::string build;        // "optimised" or "debug".

  static Machine Describe();
};

// Of the text of /proc/cpuinfo.
std::string CpuModelOf(absl::string_view cpuinfo);
bool IsVirtualCpu(absl::string_view cpuinfo);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_MACHINE_H_
