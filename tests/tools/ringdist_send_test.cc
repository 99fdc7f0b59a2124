#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/tools/ringdist_command.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

class RingdistSendTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1,
                     {"--dir=" + directory_.path(), "--cookie=secret"});
    return arguments;
  }
  std::vector<std::string> Serve() {
    return Arguments({"serve", "--name=cpp@localhost",
                      "--capture=" + directory_.Join("capture")});
  }
  CommandResult Send(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"send"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunRingdist(Arguments(arguments));
  }
  // What a server received, in words.
  std::string Received() {
    return RunRingdist({"dump", directory_.Join("capture")}).output;
  }

  TemporaryDirectory directory_;
};

TEST_F(RingdistSendTest, SendsATermToARegisteredProcess) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult sent =
      Send({"cpp@localhost", "sink", "{hello, [1, 2.5], #{a => <<1:3>>}}"});
  EXPECT_EQ(sent.exit_status, 0) << sent.output;
  EXPECT_EQ(sent.output, "sent to sink at cpp@localhost\n");
  EXPECT_THAT(Received(), HasSubstr("= {hello,[1,2.5],#{a => <<1:3>>}}\n"));
}

TEST_F(RingdistSendTest, EveryKindOfTermIsAnArgument) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  for (const char* term :
       {"\"a text\"", "'An atom'", "[1,2]", "#{}", "$a", "-1", "-1.5e3"}) {
    const CommandResult sent = Send({"cpp@localhost", "sink", "--", term});
    EXPECT_EQ(sent.exit_status, 0) << term << ": " << sent.output;
  }
  const std::string received = Received();
  for (const char* term : {"= \"a text\"\n", ": An atom\n", "= [1,2]\n",
                           "= #{}\n", ": 97\n", ": -1\n", "= -1.5e3\n"}) {
    EXPECT_THAT(received, HasSubstr(term));
  }
}

TEST_F(RingdistSendTest, ALargeMessageHasArrivedWhenItIsTold) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const std::string term = absl::StrCat("\"", std::string(120'000, 'x'), "\"");
  const CommandResult sent = Send({"cpp@localhost", "sink", term});
  EXPECT_EQ(sent.exit_status, 0) << sent.output;
  const std::string received = Received();
  EXPECT_THAT(received, HasSubstr("fragment of sequence 1"));
  EXPECT_THAT(received, HasSubstr("= \"xxxx"));
}

TEST_F(RingdistSendTest, ANameThatNobodyHasIsTold) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult sent = Send({"cpp@localhost", "nobody", "hello"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_EQ(sent.output,
            "ringdist: no process is registered as nobody at cpp@localhost\n");
}

TEST_F(RingdistSendTest, TellsWhyThereIsNoConnection) {
  const CommandResult sent = Send({"cpp@localhost", "sink", "hello"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_THAT(sent.output, HasSubstr("no node listens there"));

  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult wrong =
      RunRingdist({"send", "cpp@localhost", "sink", "hello",
                   "--dir=" + directory_.path(), "--cookie=wrong"});
  EXPECT_EQ(wrong.exit_status, 1);
  EXPECT_THAT(wrong.output, HasSubstr("cookie"));
}

TEST_F(RingdistSendTest, APeerThatDoesNotAnswerIsTold) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  ASSERT_TRUE(serve.process().Suspend().ok());
  const CommandResult sent =
      Send({"cpp@localhost", "sink", "hello", "--timeout=50ms"});
  EXPECT_EQ(sent.exit_status, 1);
  EXPECT_THAT(sent.output, HasSubstr("50ms"));
}

TEST_F(RingdistSendTest, TellsAsJson) {
  RingdistCommand serve(Serve());
  serve.LineWith("listening");
  const CommandResult sent = Send({"cpp@localhost", "sink", "x", "--json"});
  EXPECT_EQ(
      nlohmann::json::parse(sent.output),
      nlohmann::json(
          {{"event", "sent"}, {"node", "cpp@localhost"}, {"name", "sink"}}));
}

}  // namespace
}  // namespace ringdist
