#include "ringdist/runtime/testing/process_harness.h"

#include <cstdint>
#include <tuple>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

void HandleDouble(Process& self, const TermView& message) {
  Pid from;
  int64_t number = 0;
  if (!Matches(message, std::tuple(&from, &number))) {
    return self.Exit(MakeTerm(Atom("badarg")));
  }
  self.Send(from, 2 * number).IgnoreError();
}

TEST(ProcessHarnessTest, AProcessAnswersTheProbe) {
  ProcessHarness harness;
  const Pid process = harness.node().Spawn(HandleDouble);
  ASSERT_TRUE(harness.Send(process, std::tuple(harness.pid(), 21)).ok());
  EXPECT_EQ(harness.Await(), MakeTerm(42));
}

TEST(ProcessHarnessTest, TheProbeSeesAProcessEnd) {
  ProcessHarness harness;
  const Pid process = harness.node().Spawn(HandleDouble);
  harness.probe().Link(process);
  ASSERT_TRUE(harness.Send(process, "no number").ok());
  EXPECT_EQ(harness.Await(),
            MakeTerm(std::tuple(Atom("EXIT"), process, Atom("badarg"))));
}

TEST(ProcessHarnessTest, RunUntilIdleDoesAllThatIsDueAndNoMore) {
  ProcessHarness harness;
  const Pid process =
      harness.node().Spawn([&](Process& self, const TermView& message) {
        self.SendAfter(absl::Hours(1), Term(message));
        const auto count = ReadValue<int64_t>(message);
        if (*count > 0) self.Send(self.pid(), *count - 1).IgnoreError();
        self.Send(harness.pid(), message).IgnoreError();
      });
  ASSERT_TRUE(harness.Send(process, 5).ok());
  EXPECT_TRUE(harness.received().empty()) << "inside the call";
  harness.RunUntilIdle();
  ASSERT_EQ(harness.received().size(), 6u);
  EXPECT_EQ(harness.received().back(), MakeTerm(0));
}

TEST(ProcessHarnessTest, AwaitGivesUp) {
  ProcessHarness harness;
  EXPECT_TRUE(harness.Await(absl::ZeroDuration()).empty());
  EXPECT_TRUE(harness.Await(absl::Milliseconds(1)).empty());
}

TEST(ProcessHarnessTest, TheNodeIsAsTheOptionsSay) {
  NodeOptions options;
  options.distribution.name = "mine@localhost";
  const ProcessHarness mine(options);
  EXPECT_EQ(mine.pid().node, "mine@localhost");
  EXPECT_EQ(ProcessHarness().pid().node, "test@localhost");
}

}  // namespace
}  // namespace ringdist
