// AllUringModes: what a UringEngine may have to do without on older kernels, in
// all combinations, for tests with parameters.
//
//   INSTANTIATE_TEST_SUITE_P(Uring, SomeTest,
//                            testing::ValuesIn(AllUringModes()),
//                            UringModeName);

#ifndef RINGDIST_TESTS_TESTING_URING_MODES_H_
#define RINGDIST_TESTS_TESTING_URING_MODES_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/runtime/uring_engine.h"

namespace ringdist {

inline std::vector<UringOptions> AllUringModes() {
  std::vector<UringOptions> modes;
  for (const bool deferred : {true, false}) {
    for (const bool incremental : {true, false}) {
      for (const bool limit : {true, false}) {
        modes.push_back({.deferred_task_work = deferred,
                         .incremental_buffers = incremental,
                         .receive_limit = limit});
      }
    }
  }
  return modes;
}

inline std::string UringModeName(
    const testing::TestParamInfo<UringOptions>& mode) {
  return absl::StrCat(
      mode.param.deferred_task_work ? "Deferred" : "Cooperative",
      mode.param.incremental_buffers ? "Incremental" : "Whole",
      mode.param.receive_limit ? "Limited" : "Unlimited");
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_URING_MODES_H_
