#include "ringdist/tests/testing/erlang_test.h"

#include <stdlib.h>

#include "absl/status/status.h"
#include "ringdist/bench/peers/erlang_node.h"

namespace ringdist {

bool WithoutErlang() { return getenv("RINGDIST_WITHOUT_ERLANG") != nullptr; }

void ErlangTest::SetUp() {
  if (WithoutErlang()) GTEST_SKIP() << "switched off: --without_erlang";
  const absl::Status available = ErlangAvailable();
  ASSERT_TRUE(available.ok())
      << available << ", or run the tests with --without_erlang";
}

}  // namespace ringdist
