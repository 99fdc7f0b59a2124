#include "ringdist/bench/load/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ringdist/bench/load/commit.h"

namespace ringdist {
namespace {

constexpr char kUnknown[] = "unknown";

// The value of the first line "key : value"; empty if there is none.
absl::string_view FieldOf(absl::string_view cpuinfo, absl::string_view key) {
  for (const absl::string_view line : absl::StrSplit(cpuinfo, '\n')) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(field.first) == key) {
      return absl::StripAsciiWhitespace(field.second);
    }
  }
  return "";
}

std::string ReadFile(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string KernelText() {
  utsname name = {};
  if (uname(&name) != 0) return kUnknown;
  return absl::StrCat(name.sysname, " ", name.release, " ", name.machine);
}

int CountCpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return 0;
  return CPU_COUNT(&cpus);
}

uint64_t MemoryBytes() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  const int64_t page_bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? pages * page_bytes : 0;
}

}  // namespace

Machine Machine::Describe() {
  const std::string cpuinfo = ReadFile("/proc/cpuinfo");
  Machine machine;
  machine.kernel = KernelText();
  machine.cpu = CpuModelOf(cpuinfo);
  machine.cpus = CountCpus();
  machine.memory_bytes = MemoryBytes();
  machine.is_virtual = IsVirtualCpu(cpuinfo);
  machine.commit = kCommit;
#ifdef __OPTIMIZE__
  machine.build = "optimised";
#else
  machine.build = "debug";
#endif
  return machine;
}

std::string CpuModelOf(absl::string_view cpuinfo) {
  const absl::string_view model = FieldOf(cpuinfo, "model name");
  if (!model.empty()) return std::string(model);
  // As on arm64, where there are numbers only.
  const absl::string_view part = FieldOf(cpuinfo, "CPU part");
  if (part.empty()) return kUnknown;
  return absl::StrCat("implementer ", FieldOf(cpuinfo, "CPU implementer"),
                      ", part ", part);
}

bool IsVirtualCpu(absl::string_view cpuinfo) {
  const std::string flags = absl::StrCat(" ", FieldOf(cpuinfo, "flags"), " ");
  return absl::StrContains(flags, " hypervisor ");
}

}  // namespace ringdist
