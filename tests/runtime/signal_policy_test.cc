#include "ringdist/runtime/signal_policy.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "ringdist/proto/control_message.h"

namespace ringdist {
namespace {

const AtomView kName = AtomView::Utf8("name");

// One of each kind of signal.
std::vector<ControlMessage> AllSignals() {
  return {
      control::Link(),        control::Send(),         control::RegSend(),
      control::AliasSend(),   control::AltactSend(),   control::Exit(),
      control::Exit2(),       control::Unlink(),       control::UnlinkId(),
      control::UnlinkIdAck(), control::GroupLeader(),  control::MonitorP(),
      control::DemonitorP(),  control::MonitorPExit(), control::SpawnRequest(),
      control::SpawnReply()};
}

// The names of those that are refused.
std::string Refused(const SignalPolicy& policy) {
  std::string refused;
  for (const ControlMessage& signal : AllSignals()) {
    if (policy.Allows(signal)) continue;
    const std::string text = ToString(signal);
    refused += text.substr(0, text.find(' ')) + " ";
  }
  return refused;
}

TEST(SignalPolicyTest, AllowsEverythingByDefault) {
  EXPECT_EQ(Refused(SignalPolicy()), "");
  EXPECT_TRUE(SignalPolicy().AllowsFunction("math:add/2"));
}

TEST(SignalPolicyTest, EachOperationCanBeRefused) {
  SignalPolicy policy;
  policy.send = false;
  EXPECT_EQ(Refused(policy), "SEND REG_SEND ALIAS_SEND ALTACT_SIG_SEND ");
  policy = SignalPolicy();
  policy.link = false;
  EXPECT_EQ(Refused(policy), "LINK ");
  policy = SignalPolicy();
  policy.monitor = false;
  EXPECT_EQ(Refused(policy), "MONITOR_P ");
  policy = SignalPolicy();
  policy.exit = false;
  EXPECT_EQ(Refused(policy), "EXIT2 ");
  EXPECT_FALSE(policy.Allows(control::AltactSend{.exit = true}));
  policy = SignalPolicy();
  policy.spawn = false;
  EXPECT_EQ(Refused(policy), "SPAWN_REQUEST ");
}

TEST(SignalPolicyTest, OnlyTheNamesThatAreListedCanBeUsed) {
  SignalPolicy policy;
  policy.names.emplace({"name"});
  const AtomView other = AtomView::Utf8("other");
  for (const bool listed : {true, false}) {
    const AtomView to = listed ? kName : other;
    EXPECT_EQ(policy.Allows(control::RegSend{.to = to}), listed);
    EXPECT_EQ(policy.Allows(control::MonitorP{.to = to}), listed);
    EXPECT_EQ(policy.Allows(control::AltactSend{.to = to}), listed);
    // What a peer did it may take back.
    EXPECT_TRUE(policy.Allows(control::DemonitorP{.to = to}));
  }
  // Pids have no name.
  EXPECT_TRUE(policy.Allows(control::Send()));
  EXPECT_TRUE(policy.Allows(control::MonitorP{.to = PidView()}));
}

TEST(SignalPolicyTest, OnlyTheFunctionsThatAreListedCanBeCalled) {
  SignalPolicy policy;
  policy.functions.emplace({"math:add/2"});
  EXPECT_TRUE(policy.AllowsFunction("math:add/2"));
  EXPECT_FALSE(policy.AllowsFunction("math:add/3"));
}

}  // namespace
}  // namespace ringdist
