// Fixtures for tests of the program and nodes in one directory.
//
//   class RingdistCallTest : public CommandTest {};
//
//   TEST_F(RingdistCallTest, ...) {
//     const auto serve = Serve();      // cpp@localhost, listening
//     EXPECT_EQ(RunToEnd({"call", "cpp@localhost", ...}).exit_status, 0);
//   }

#ifndef RINGDIST_TESTS_TOOLS_COMMAND_FIXTURE_H_
#define RINGDIST_TESTS_TOOLS_COMMAND_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringdist/tests/testing/child_process.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {

// Runs commands that find the nodes of a directory.
class NodeCommands {
 protected:
  void UseNodes(std::string directory, std::string cookie) {
    node_flags_ = {"--dir=" + std::move(directory),
                   "--cookie=" + std::move(cookie)};
  }

  // The command line, with --dir and --cookie behind its first word.
  std::vector<std::string> Arguments(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin() + 1, node_flags_.begin(),
                     node_flags_.end());
    return arguments;
  }
  CommandResult RunToEnd(const std::vector<std::string>& arguments) const {
    return RunRingdist(Arguments(arguments));
  }
  std::unique_ptr<RingdistCommand> Start(
      const std::vector<std::string>& arguments) const {
    return std::make_unique<RingdistCommand>(Arguments(arguments));
  }
  // Waits until it listens.
  std::unique_ptr<RingdistCommand> Serve(
      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"serve", "--name=cpp@localhost"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto serve = Start(arguments);
    serve->LineWith("listening");
    return serve;
  }

 private:
  std::vector<std::string> node_flags_;
};

class CommandTest : public ::testing::Test, protected NodeCommands {
 protected:
  CommandTest() { UseNodes(directory_.path(), "secret"); }

  TemporaryDirectory directory_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TOOLS_COMMAND_FIXTURE_H_
