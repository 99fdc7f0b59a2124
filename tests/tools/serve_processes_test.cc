// The processes of serve, with a node of ours at the other end.

#include "ringdist/tools/serve_processes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"

namespace ringdist {
namespace {

constexpr NameAt kEcho = {"echo", "cpp@localhost"};
constexpr NameAt kSink = {"sink", "cpp@localhost"};

class ServeProcessesTest : public ::testing::Test {
 protected:
  ServeProcessesTest() { StartServer({}); }

  // The server's node, as tools/ringdist_serve.cc has it.
  void StartServer(NodeOptions options) {
    processes_.reset();
    server_.reset();
    options.distribution = OptionsOf("cpp@localhost", options.distribution);
    options.on_writable = [this](const NodeName& peer) {
      processes_->OnWritable(peer);
    };
    options.on_node_down = [this](const PeerInfo& peer, const absl::Status&) {
      processes_->OnLost(peer.name);
    };
    options.on_setup_failed = [this](const NodeName& peer,
                                     const absl::Status&) {
      processes_->OnLost(peer);
    };
    server_ = *Node::Create(*reactor_, std::move(options));
    ASSERT_TRUE(server_->Listen().ok());
    processes_.emplace(*reactor_, *server_);
  }
  void StartClient(const NodeOptions& more = {}) {
    NodeOptions options = more;
    options.distribution = OptionsOf("me@localhost", options.distribution);
    client_ = *Node::Create(*reactor_, std::move(options));
    ASSERT_TRUE(client_->Listen().ok());
    self_ =
        client_->Find(client_->Spawn([this](Process&, const TermView& message) {
          answers_.push_back(ToText(message, 60));
        }));
  }
  DistributionOptions OptionsOf(absl::string_view name,
                                DistributionOptions options) {
    const DistributionOptions common = NodeOptionsAt(directory_, name);
    options.name = common.name;
    options.cookie = common.cookie;
    options.directory = common.directory;
    return options;
  }
  // Its next answer.
  std::string Answer() {
    if (!Wait([&] { return !answers_.empty(); })) return "none";
    const std::string first = answers_.front();
    answers_.erase(answers_.begin());
    return first;
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }
  template <typename Value>
  void Send(const NameAt& to, const Value& message) {
    const absl::Status sent = self_.Send(to, message);
    EXPECT_TRUE(sent.ok()) << sent;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  std::vector<std::string> answers_;
  std::optional<ServeProcesses> processes_;
  std::unique_ptr<Node> server_;
  std::unique_ptr<Node> client_;
  Process self_;  // Of the client.
};

TEST_F(ServeProcessesTest, EchoSendsTheTermBack) {
  StartClient();
  Send(kEcho, std::tuple(self_.pid(), std::tuple(Atom("hi"), 1)));
  EXPECT_EQ(Answer(), "{hi,1}");
}

TEST_F(ServeProcessesTest, EchoIgnoresAllElse) {
  StartClient();
  Send(kEcho, Atom("hi"));
  Send(kEcho, std::tuple(Atom("me"), 1));
  Send(kEcho, std::tuple(self_.pid(), 1, 2));
  Send(kEcho, std::tuple(self_.pid(), Atom("last")));
  EXPECT_EQ(Answer(), "last");
}

TEST_F(ServeProcessesTest, SinkCountsAndStartsAgain) {
  StartClient();
  const std::string text = "twenty bytes of text";
  for (int i = 0; i < 5; ++i) Send(kSink, text);
  Send(kSink, std::tuple(self_.pid(), Atom("count")));
  EXPECT_EQ(Answer(), "{count,5,125}");  // A tag and a size each.
  Send(kSink, std::tuple(self_.pid(), Atom("count")));
  EXPECT_EQ(Answer(), "{count,0,0}");
}

TEST_F(ServeProcessesTest, ItsFunctionsAreCalled) {
  StartClient();
  const auto call = [&](absl::string_view function, const char* arguments) {
    std::string outcome;
    client_->Call("cpp@localhost", "ringdist", function, *ParseTerm(arguments),
                  absl::Seconds(20), [&](const CallResult& result) {
                    outcome = result.ok()
                                  ? ToText(result.value())
                                  : std::string(result.status().message());
                  });
    EXPECT_TRUE(Wait([&] { return !outcome.empty(); }));
    return outcome;
  };
  EXPECT_EQ(call("echo", "[{hi, [1, 2.5], #{a => b}}]"),
            "{hi,[1,2.5],#{a => b}}");
  EXPECT_EQ(call("sum", "[[1, 2.5, -3]]"), "0.5");
  EXPECT_EQ(call("sum", "[[]]"), "0.0");
  EXPECT_EQ(call("sum", "[[1, x]]"), "error:badarg in ringdist:sum/1");
  EXPECT_EQ(call("echo", "[]"), "error:undef in ringdist:echo/0");
}

TEST_F(ServeProcessesTest, EchoLosesNothingWhenTooMuchWaitsToBeSent) {
  // The server may send a message or two at a time.
  NodeOptions options;
  options.distribution.send_queue_bytes = 1024;
  options.peer_queue_bytes = 1;
  StartServer(options);
  StartClient();
  constexpr int64_t kMessages = 200;
  const std::string text(2000, 'x');
  for (int64_t i = 0; i < kMessages; ++i) {
    Send(kEcho, std::tuple(self_.pid(), std::tuple(i, text)));
  }
  size_t waited = 0;
  ASSERT_TRUE(Wait([&] {
    waited = std::max(waited, server_->WhereIs("echo").mailbox_count());
    return answers_.size() == kMessages;
  }));
  EXPECT_GT(waited, 0u);  // It was paused.
  for (int64_t i = 0; i < kMessages; ++i) {
    EXPECT_EQ(answers_[static_cast<size_t>(i)].substr(0, 10),
              absl::StrCat("{", i, ",<<\"xxxxxxxx").substr(0, 10));
  }
}

TEST_F(ServeProcessesTest, EchoGoesOnWhenThePeerItWaitsForIsGone) {
  NodeOptions options;
  options.distribution.send_queue_bytes = 1024;
  options.peer_queue_bytes = 1;
  StartServer(options);
  StartClient();
  const std::string text(2000, 'x');
  for (int i = 0; i < 200; ++i) {
    Send(kEcho, std::tuple(self_.pid(), text));
  }
  ASSERT_TRUE(
      Wait([&] { return server_->WhereIs("echo").mailbox_count() > 0; }));
  client_.reset();
  answers_.clear();
  ASSERT_TRUE(
      Wait([&] { return server_->WhereIs("echo").mailbox_count() == 0; }));
  StartClient();
  Send(kEcho, std::tuple(self_.pid(), Atom("again")));
  EXPECT_EQ(Answer(), "again");
}

TEST_F(ServeProcessesTest, EchoAnswersProcessesOfItsOwnNode) {
  NodeOptions options;
  options.local_queue_bytes = 1;
  StartServer(options);
  std::vector<std::string> answers;
  const Pid pid = server_->Spawn([&](Process&, const TermView& message) {
    answers.push_back(ToText(message));
  });
  // From another node: of this one's queue only echo's answers are part.
  StartClient();
  for (int i = 0; i < 5; ++i) Send(kEcho, std::tuple(pid, i));
  ASSERT_TRUE(Wait([&] { return answers.size() == 5; }));
  EXPECT_EQ(answers, std::vector<std::string>({"0", "1", "2", "3", "4"}));
}

}  // namespace
}  // namespace ringdist
