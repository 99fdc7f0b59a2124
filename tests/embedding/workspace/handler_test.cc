// An embedder tests a handler of its own, without a second node.

#include <tuple>

#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/testing/process_harness.h"

namespace {

using ringdist::Atom;
using ringdist::MakeTerm;

TEST(HandlerTest, Adds) {
  ringdist::ProcessHarness harness;
  const ringdist::Pid adder = harness.node().Spawn(
      [](ringdist::Process& self, const ringdist::TermView& message) {
        ringdist::Pid from;
        int a = 0, b = 0;
        if (ringdist::Matches(message, std::tuple(&from, &a, &b))) {
          self.Send(from, std::tuple(Atom("sum"), a + b)).IgnoreError();
        }
      });
  ASSERT_TRUE(harness.Send(adder, std::tuple(harness.pid(), 1, 2)).ok());
  EXPECT_EQ(harness.Await(), MakeTerm(std::tuple(Atom("sum"), 3)));
}

}  // namespace
