#include "ringdist/bench/peers/epmd.h"

#include <signal.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ringdist/bench/peers/erlang_node.h"
#include "ringdist/tests/testing/erlang_test.h"

namespace ringdist {
namespace {

using EpmdTest = ErlangTest;

TEST_F(EpmdTest, NodesOverTcpFindEachOtherByIt) {
  absl::StatusOr<std::unique_ptr<Epmd>> epmd = Epmd::Start();
  ASSERT_TRUE(epmd.ok()) << epmd.status();
  ErlangNodeOptions options = {.name = "a@localhost",
                               .carrier = ErlangCarrier::kTcp,
                               .epmd_port = (*epmd)->port()};
  auto a = ErlangNode::Start(options);
  ASSERT_TRUE(a.ok()) << a.status();
  options.name = "b@localhost";
  auto b = ErlangNode::Start(options);
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_EQ(*(*a)->Eval("net_adm:ping(b@localhost)."), "pong");
  // On the loopback interface only.
  EXPECT_EQ(*(*a)->Eval("[{_, [{addr, IP}]}] = [{N, [{addr, IP}]} || "
                        "{N, {IP, _}} <- [{P, element(2, inet:sockname(P))} || "
                        "P <- erlang:ports(), erlang:port_info(P, name) =:= "
                        "{name, \"tcp_inet\"}, inet:peername(P) =:= "
                        "{error, enotconn}]], IP."),
            "{127,0,0,1}");
}

TEST_F(EpmdTest, EachHasAPortOfItsOwnAndEndsWithItsOwner) {
  absl::StatusOr<std::unique_ptr<Epmd>> first = Epmd::Start();
  absl::StatusOr<std::unique_ptr<Epmd>> second = Epmd::Start();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE((*first)->port(), (*second)->port());
  const pid_t pid = (*first)->pid();
  EXPECT_EQ(kill(pid, 0), 0);
  first->reset();
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace ringdist
