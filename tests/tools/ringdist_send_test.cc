#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "ringdist/tests/tools/command_fixture.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class RingdistSendTest : public CommandTest {
 protected:
  std::unique_ptr<RingdistCommand> ServeCapturing() {
    return Serve({"--capture=" + directory_.Join("capture")});
  }
  // What a server received, in words.
  std::string Received() {
    return RunRingdist({"dump", directory_.Join("capture")}).output;
  }
};

TEST_F(RingdistSendTest, SendsATermToARegisteredProcess) {
  const auto serve = ServeCapturing();
  const CommandResult sent = RunToEnd(
      {"send", "cpp@localhost", "sink", "{hello, [1, 2.5], #{a => <<1:3>>}}"});
  EXPECT_EQ(sent.exit_status, 0) << sent.output;
  EXPECT_EQ(sent.output, "sent to sink at cpp@localhost\n");
  EXPECT_THAT(Received(), HasSubstr("= {hello,[1,2.5],#{a => <<1:3>>}}\n"));
}

TEST_F(RingdistSendTest, EveryKindOfTermIsAnArgument) {
  const auto serve = ServeCapturing();
  for (const char* term :
       {"\"a text\"", "'An atom'", "[1,2]", "#{}", "$a", "-1", "-1.5e3"}) {
    const CommandResult sent =
        RunToEnd({"send", "cpp@localhost", "sink", "--", term});
    EXPECT_EQ(sent.exit_status, 0) << term << ": " << sent.output;
  }
  const std::string received = Received();
  for (const char* term : {"= \"a text\"\n", ": An atom\n", "= [1,2]\n",
                           "= #{}\n", ": 97\n", ": -1\n", "= -1.5e3\n"}) {
    EXPECT_THAT(received, HasSubstr(term));
  }
}

TEST_F(RingdistSendTest, ALargeMessageHasArrivedWhenItIsTold) {
  const auto serve = ServeCapturing();
  const std::string term = absl::StrCat("\"", std::string(120'000, 'x'), "\"");
  const CommandResult sent = RunToEnd({"send", "cpp@localhost", "sink", term});
  EXPECT_EQ(sent.exit_status, 0) << sent.output;
  const std::string received = Received();
  EXPECT_THAT(received, HasSubstr("fragment of sequence 1"));
  EXPECT_THAT(received, HasSubstr("= \"xxxx"));
}

TEST_F(RingdistSendTest, ANameThatNobodyHasIsTold) {
  const auto serve = ServeCapturing();
  const CommandResult sent =
      RunToEnd({"send", "cpp@localhost", "nobody", "hello"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_EQ(sent.output,
            "ringdist: no process is registered as nobody at cpp@localhost\n");
}

TEST_F(RingdistSendTest, TellsWhyThereIsNoConnection) {
  const CommandResult sent =
      RunToEnd({"send", "cpp@localhost", "sink", "hello"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_THAT(sent.output, HasSubstr("no node listens there"));

  const auto serve = ServeCapturing();
  const CommandResult wrong =
      RunRingdist({"send", "cpp@localhost", "sink", "hello",
                   "--dir=" + directory_.path(), "--cookie=wrong"});
  EXPECT_EQ(wrong.exit_status, 1);
  EXPECT_THAT(wrong.output, HasSubstr("cookie"));
}

TEST_F(RingdistSendTest, APeerThatDoesNotAnswerIsTold) {
  const auto serve = ServeCapturing();
  ASSERT_TRUE(serve->process().Suspend().ok());
  const CommandResult sent =
      RunToEnd({"send", "cpp@localhost", "sink", "hello", "--timeout=50ms"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_THAT(sent.output, HasSubstr("50ms"));
}

TEST_F(RingdistSendTest, TellsAsJson) {
  const auto serve = ServeCapturing();
  const CommandResult sent =
      RunToEnd({"send", "cpp@localhost", "sink", "x", "--json"});
  EXPECT_EQ(
      nlohmann::json::parse(sent.output),
      nlohmann::json(
          {{"event", "sent"}, {"node", "cpp@localhost"}, {"name", "sink"}}));
}

}  // namespace
}  // namespace ringdist
