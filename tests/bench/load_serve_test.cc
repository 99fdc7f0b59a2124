// A node that serves for others: ServeUntilStopped, and a load on it.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_load.h"
#include "ringdist/bench/load/servers.h"
#include "ringdist/tests/testing/forked_child.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {
namespace {

TEST(LoadServeTest, TakesOneLoadAfterTheOtherUntilItIsStopped) {
  const TemporaryDirectory directory;
  LoadSpec spec;
  spec.directory = directory.path();
  spec.client_cpu = spec.server_cpu = -1;
  Gate ready;
  ForkedChild server([&] {
    return ServeUntilStopped(spec, "srv@localhost", [&] { ready.Open(); }).ok()
               ? 0
               : 1;
  });
  ready.Wait();
  spec.target = "srv@localhost";
  spec.warmup = absl::Milliseconds(10);
  spec.duration = absl::Milliseconds(20);
  for (const Workload workload :
       {Workload::kStream, Workload::kEcho, Workload::kCall}) {
    SCOPED_TRACE(ToString(workload));
    spec.workload = workload;
    const absl::StatusOr<Measurement> measured = RunLoad(spec, {});
    ASSERT_TRUE(measured.ok()) << measured.status();
    EXPECT_EQ(measured->faults.Total(), 0U);
    EXPECT_EQ(measured->errors, 0U) << measured->first_error;
  }
  ASSERT_EQ(kill(server.pid(), SIGTERM), 0);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_NE(access(directory.Join("srv").c_str(), F_OK), 0);
}

TEST(LoadServeTest, SaysWhyItCannot) {
  LoadSpec spec;
  spec.directory = "/nowhere";
  const absl::Status status =
      ServeUntilStopped(spec, "srv@localhost", [] { FAIL(); });
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

}  // namespace
}  // namespace ringdist
