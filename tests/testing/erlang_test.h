// ErlangTest: a fixture of tests that need real Erlang nodes.
//
//   class PingTest : public ErlangTest {};
//
//   TEST_F(PingTest, ErlangNodesPingEachOther) {
//     absl::StatusOr<std::unique_ptr<ErlangNode>> node =
//         ErlangNode::Start({.name = "srv@localhost"});
//     ASSERT_TRUE(node.ok()) << node.status();
//     ... listen as cpp@localhost in (*node)->directory() ...
//     EXPECT_EQ(*(*node)->Eval("net_adm:ping(cpp@localhost)."), "pong");
//   }

#ifndef RINGDIST_TESTS_TESTING_ERLANG_TEST_H_
#define RINGDIST_TESTS_TESTING_ERLANG_TEST_H_

#include "gtest/gtest.h"

namespace ringdist {

// Whether the tests were told to do without Erlang ($RINGDIST_WITHOUT_ERLANG).
bool WithoutErlang();

// Skipped if Erlang is switched off, failed if it is not installed.
class ErlangTest : public ::testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_ERLANG_TEST_H_
