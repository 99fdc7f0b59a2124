#include "ringdist/proto/check.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace ringdist {

void CheckFailed(const char* file, int line, const char* condition,
                 const std::string& values) {
  std::fprintf(stderr, "%s:%d: check failed: %s%s%s%s\n", file, line, condition,
               values.empty() ? "" : " (", values.c_str(),
               values.empty() ? "" : ")");
  std::fflush(stderr);
  std::abort();
}

}  // namespace ringdist
