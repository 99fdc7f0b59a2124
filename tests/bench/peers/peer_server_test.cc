#include "ringdist/bench/peers/peer_server.h"

#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/peers/erlang_node.h"
#include "ringdist/bench/peers/temporary_directory.h"
#include "ringdist/tests/testing/erlang_test.h"
#include "ringdist/tests/testing/forked_child.h"

namespace ringdist {
namespace {

bool IsGone(pid_t pid) { return kill(pid, 0) == -1 && errno == ESRCH; }

class PeerServerTest : public ErlangTest {
 protected:
  PeerServerTest() { spec_.directory = directory_.path(); }

  std::unique_ptr<PeerServer> StartOrDie() {
    absl::StatusOr<std::unique_ptr<PeerServer>> server =
        PeerServer::Start(spec_);
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }

  // What a node of the server's kind gets for an expression.
  std::string Ask(const PeerServer& server, absl::string_view expression) {
    ErlangNodeOptions options = {.name = "ask@localhost",
                                 .cookie = spec_.cookie,
                                 .directory = server.directory(),
                                 .hidden = true};
    if (server.epmd() != nullptr) {
      options.carrier = ErlangCarrier::kTcp;
      options.epmd_port = server.epmd()->port();
    }
    const absl::StatusOr<std::unique_ptr<ErlangNode>> node =
        ErlangNode::Start(options);
    EXPECT_TRUE(node.ok()) << node.status();
    return (*node)->Eval(expression).value_or("");
  }

  TemporaryDirectory directory_;
  LoadSpec spec_;
};

TEST_F(PeerServerTest, ANodeOnUnixSocketsTakesALoadAndLeavesNothing) {
  spec_.server = Peer::kBeam;
  std::unique_ptr<PeerServer> server = StartOrDie();
  EXPECT_EQ(server->node(), "dist_load@localhost");
  EXPECT_EQ(server->epmd(), nullptr);
  EXPECT_TRUE(std::filesystem::is_socket(directory_.Join("dist_load")));
  EXPECT_EQ(Ask(*server,
                "erpc:call('dist_load@localhost', ringdist_load, "
                "echo, [hello])."),
            "hello");
  const pid_t pid = server->pid();
  EXPECT_FALSE(IsGone(pid));
  server.reset();
  EXPECT_TRUE(IsGone(pid));
  std::filesystem::remove(directory_.Join("ask"));  // Our own.
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(PeerServerTest, ANodeOverTcpHasAnEpmdOfItsOwn) {
  spec_.server = Peer::kBeamTcp;
  std::unique_ptr<PeerServer> server = StartOrDie();
  ASSERT_NE(server->epmd(), nullptr);
  EXPECT_EQ(Ask(*server,
                "erpc:call('dist_load@localhost', ringdist_load, "
                "echo, [hello])."),
            "hello");
  const pid_t pid = server->pid();
  const pid_t epmd_pid = server->epmd()->pid();
  server.reset();
  EXPECT_TRUE(IsGone(pid));
  EXPECT_TRUE(IsGone(epmd_pid));
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(PeerServerTest, OneSchedulerIsPinned) {
  spec_.server = Peer::kBeam;
  spec_.beam_schedulers = 1;
  spec_.server_cpu = 0;
  std::unique_ptr<PeerServer> server = StartOrDie();
  EXPECT_EQ(Ask(*server,
                "[erpc:call('dist_load@localhost', erlang, "
                "system_info, [Item]) || Item <- "
                "[schedulers_online, logical_processors_available, "
                "scheduler_bind_type]]."),
            "[1,1,thread_no_node_processor_spread]");
}

TEST_F(PeerServerTest, ItsNameMustNotBeInUse) {
  spec_.server = Peer::kBeam;
  std::unique_ptr<PeerServer> server = StartOrDie();
  const absl::Status status = PeerServer::Start(spec_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "in use")) << status;
  // The one that has it was not disturbed.
  EXPECT_EQ(Ask(*server, "net_adm:ping('dist_load@localhost')."), "pong");
}

TEST_F(PeerServerTest, OtherServersAreNoErlangNodes) {
  spec_.server = Peer::kEi;
  EXPECT_EQ(PeerServer::Start(spec_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Not of this fixture: it needs no Erlang. In a process of its own, as what
// there is of Erlang is found once.
TEST(PeerServerWithoutErlangTest, SaysWhatToInstall) {
  const TemporaryDirectory nothing;
  for (const Peer peer : {Peer::kBeam, Peer::kBeamTcp}) {
    ForkedChild child([&] {
      setenv("PATH", nothing.path().c_str(), /*overwrite=*/1);
      LoadSpec spec;
      spec.server = peer;
      const absl::Status status = PeerServer::Start(spec).status();
      std::cerr << status << "\n";
      return status.code() == absl::StatusCode::kFailedPrecondition &&
                     absl::StrContains(status.message(), "erlang-base")
                 ? 0
                 : 1;
    });
    EXPECT_EQ(child.Wait(), 0) << ToString(peer);
  }
}

}  // namespace
}  // namespace ringdist
