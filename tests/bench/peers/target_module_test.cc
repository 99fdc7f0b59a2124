#include "ringdist/bench/peers/target_module.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/run_load.h"
#include "ringdist/bench/peers/erlang_node.h"
#include "ringdist/tests/testing/erlang_test.h"

namespace ringdist {
namespace {

// A node that somebody runs, and nothing of ours in it.
class TargetModuleTest : public ErlangTest {
 protected:
  void SetUp() override {
    ErlangTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    absl::StatusOr<std::unique_ptr<ErlangNode>> node =
        ErlangNode::Start({.name = "srv@localhost", .cookie = spec_.cookie});
    ASSERT_TRUE(node.ok()) << node.status();
    node_ = *std::move(node);
    spec_.target = node_->name();
    spec_.directory = node_->directory();
    spec_.warmup = absl::Milliseconds(50);
    spec_.duration = absl::Milliseconds(200);
  }

  void ExpectNothingLeft() {
    EXPECT_EQ(*node_->Eval("{whereis(dist_load), "
                           "code:is_loaded(ringdist_load)}."),
              "{undefined,false}");
  }

  LoadSpec spec_;
  std::unique_ptr<ErlangNode> node_;
};

TEST_F(TargetModuleTest, IsThereAsLongAsItIsNeeded) {
  absl::StatusOr<std::unique_ptr<TargetModule>> module =
      TargetModule::Load(spec_);
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ(*node_->Eval("ringdist_load:echo(hello)."), "hello");
  // Another one finds it there, and leaves it there.
  ASSERT_TRUE(TargetModule::Load(spec_).ok());
  EXPECT_EQ(*node_->Eval("ringdist_load:echo(hello)."), "hello");
  module->reset();
  ExpectNothingLeft();
}

TEST_F(TargetModuleTest, EveryClientLoadsAndLeavesTheNode) {
  for (const Peer client : {Peer::kRingdist, Peer::kEi, Peer::kBeam}) {
    SCOPED_TRACE(ToString(client));
    spec_.client = client;
    for (const Workload workload : {Workload::kStream, Workload::kCall}) {
      spec_.workload = workload;
      const absl::StatusOr<Measurement> measured = RunLoad(spec_, RunHooks());
      ASSERT_TRUE(measured.ok()) << measured.status();
      EXPECT_GT(measured->messages, 0u);
      EXPECT_EQ(measured->faults.Total(), 0u);
      ExpectNothingLeft();
    }
  }
}

TEST_F(TargetModuleTest, SaysWhyATargetTakesNone) {
  spec_.cookie = "another";
  absl::Status status = TargetModule::Load(spec_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "srv@localhost")) << status;
  spec_.target = "nobody@localhost";
  status = TargetModule::Load(spec_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "nobody@localhost"))
      << status;
}

}  // namespace
}  // namespace ringdist
