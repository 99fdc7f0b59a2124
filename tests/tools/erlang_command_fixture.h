// ErlangCommandTest: a fixture for tests of the program and a real Erlang node,
// srv@localhost. Commands are run as in command_fixture.h, in its directory.

#ifndef RINGDIST_TESTS_TOOLS_ERLANG_COMMAND_FIXTURE_H_
#define RINGDIST_TESTS_TOOLS_ERLANG_COMMAND_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "ringdist/tests/testing/erlang_node.h"
#include "ringdist/tests/tools/command_fixture.h"

namespace ringdist {

class ErlangCommandTest : public ErlangTest, protected NodeCommands {
 protected:
  explicit ErlangCommandTest(
      const ErlangNodeOptions& options = {.name = "srv@localhost"})
      : options_(options) {}

  void SetUp() override {
    ErlangTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    absl::StatusOr<std::unique_ptr<ErlangNode>> node =
        ErlangNode::Start(options_);
    ASSERT_TRUE(node.ok()) << node.status();
    node_ = *std::move(node);
    UseNodes(node_->directory(), options_.cookie);
  }

  std::string Eval(const std::string& expressions) {
    const absl::StatusOr<std::string> value = node_->Eval(expressions);
    return value.ok() ? *value : value.status().ToString();
  }

  const ErlangNodeOptions options_;
  std::unique_ptr<ErlangNode> node_;  // The real node.
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TOOLS_ERLANG_COMMAND_FIXTURE_H_
