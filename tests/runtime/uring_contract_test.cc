// The contract of io_engine.h, held by the engine on io_uring with what this
// kernel has and as on older ones. The simulated engine is held to the same
// tests in tests/simulation/.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ringdist/proto/check.h"
#include "ringdist/runtime/uring_engine.h"
#include "ringdist/tests/testing/engine_contract.h"
#include "ringdist/tests/testing/system_engine_harness.h"

namespace ringdist {
namespace {

EngineContractParam Param(const std::string& name,
                          const UringOptions& options) {
  return {name, [options] {
            absl::StatusOr<std::unique_ptr<IoEngine>> engine =
                UringEngine::Create(options);
            RINGDIST_CHECK_EQ(engine.status().ToString(), "OK");
            return std::make_unique<SystemEngineHarness>(*std::move(engine));
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Uring, EngineContractTest,
    testing::Values(Param("Default", {}),
                    Param("WithoutReceiveLimit", {.receive_limit = false}),
                    Param("Plain", {.deferred_task_work = false,
                                    .incremental_buffers = false,
                                    .receive_limit = false})),
    EngineContractName);

}  // namespace
}  // namespace ringdist
