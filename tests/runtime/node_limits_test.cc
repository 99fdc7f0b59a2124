// Messages between two nodes where something is large, slow, full, or not
// understood by the other.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/node.h"
#include "ringdist/tests/testing/message_nodes.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/recorder.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kMiB = 1024 * 1024;

class NodeLimitsTest : public MessageNodesTest {
 protected:
  // A process that notes the sizes of the binaries that it is sent.
  static Pid SpawnSizes(Node& node, std::vector<size_t>& sizes) {
    return node.Spawn([&sizes](Process&, const TermView& message) {
      sizes.push_back(message.AsBinary().value_or("").size());
    });
  }
};

TEST_F(NodeLimitsTest, BeforeAConnectionIsUpItsQueueIsBounded) {
  NodeOptions a = OptionsOf("a@localhost");
  a.peer_queue_bytes = 10'000;
  Start(a, OptionsOf("b@localhost"));
  Recorder to(*b_);
  int sent = 0;
  absl::Status status;
  while ((status = a_->Send(to.pid, sent)).ok()) ASSERT_LT(++sent, 10'000);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(status.message(), HasSubstr("bytes wait to be sent"));
  EXPECT_EQ(writable_, 0);
  ASSERT_TRUE(Wait([&] { return writable_ > 0; }));
  EXPECT_TRUE(a_->Send(to.pid, sent++).ok());
  ASSERT_TRUE(
      Wait([&] { return to.messages.size() == static_cast<size_t>(sent); }));
  for (int i = 0; i < sent; ++i) ASSERT_EQ(to.messages[i], absl::StrCat(i));
  EXPECT_EQ(writable_, 1);
}

TEST_F(NodeLimitsTest, WhatIsRefusedIsWrittenAgainWhenItMayBe) {
  NodeOptions a = OptionsOf("a@localhost");
  a.distribution.send_queue_bytes = 20'000;
  Start(a, OptionsOf("b@localhost"));
  Recorder to(*b_);
  ASSERT_TRUE(Settle());
  int sent = 0;
  for (int told = 0; sent < 20'000; told = writable_) {
    while (sent < 20'000 && a_->Send(to.pid, sent).ok()) ++sent;
    if (sent == 20'000) break;
    ASSERT_TRUE(Wait([&] { return writable_ > told; })) << sent;
  }
  EXPECT_GT(writable_, 1);
  ASSERT_TRUE(Wait([&] { return to.messages.size() == 20'000; }));
  for (int i = 0; i < sent; ++i) ASSERT_EQ(to.messages[i], absl::StrCat(i));
}

TEST_F(NodeLimitsTest, LargeMessagesComeWhole) {
  Start();
  std::string large(64 * kMiB, 'x');
  for (size_t i = 0; i < large.size(); i += 4093) large[i] = char(i);
  std::vector<size_t> sizes;
  bool equal = false;
  const Pid to = b_->Spawn([&](Process&, const TermView& message) {
    equal = message.AsBinary() ==
            absl::string_view(large).substr(0, message.AsBinary()->size());
    sizes.push_back(message.AsBinary()->size());
  });
  for (const size_t size : {kMiB, 64 * kMiB}) {
    equal = false;
    const size_t before = sizes.size();
    ASSERT_TRUE(a_->Send(to, absl::string_view(large).substr(0, size)).ok());
    ASSERT_TRUE(Wait([&] { return sizes.size() > before; }));
    EXPECT_TRUE(equal);
    EXPECT_EQ(sizes.back(), size);
  }
}

TEST_F(NodeLimitsTest, MessagesOfEverySizeAroundAFragmentCome) {
  Start();
  std::vector<size_t> sizes;
  const Pid to = SpawnSizes(*b_, sizes);
  std::vector<size_t> expected;
  for (const size_t around : {64 * 1024, 128 * 1024}) {
    for (size_t size = around - 200; size < around + 50; ++size) {
      expected.push_back(size);
    }
  }
  const std::string bytes(200'000, 'x');
  for (const size_t size : expected) {
    ASSERT_TRUE(Wait([&] {
      return a_->Send(to, absl::string_view(bytes).substr(0, size)).ok();
    }));
  }
  ASSERT_TRUE(Wait([&] { return sizes.size() == expected.size(); }));
  EXPECT_EQ(sizes, expected);
}

TEST_F(NodeLimitsTest, AtomsOfMoreThanAFragmentCome) {
  Start();
  std::vector<Atom> atoms;
  for (int i = 0; i < 400; ++i) {
    std::string text = absl::StrCat(i, ":", std::string(250, 'x'));
    atoms.emplace_back(text);
  }
  const Term term = MakeTerm(std::tuple(atoms, std::string(100'000, 'x')));
  std::optional<Term> received;
  const Pid to = b_->Spawn(
      [&](Process&, const TermView& message) { received.emplace(message); });
  for (int round = 0; round < 3; ++round) {
    received.reset();
    ASSERT_TRUE(a_->Send(to, term).ok());
    ASSERT_TRUE(Wait([&] { return received.has_value(); }));
    EXPECT_EQ(*received, term);
  }
}

TEST_F(NodeLimitsTest, OfOnePairNothingOvertakesALargeMessageOfOthersAll) {
  Start();
  std::vector<size_t> sizes;
  const Pid to = SpawnSizes(*b_, sizes);
  ASSERT_TRUE(b_->Register("sizes", to).ok());
  Recorder one(*a_);
  Recorder other(*a_);
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(one->Send(to, std::string(8 * kMiB, 'x')).ok());
  ASSERT_TRUE(one->Send(to, std::string(1, 'x')).ok());
  ASSERT_TRUE(one->Send(NameAt{"sizes", "b@localhost"}, "xx").ok());
  ASSERT_TRUE(one->Send(to, std::string(kMiB, 'x')).ok());
  ASSERT_TRUE(one->Send(to, std::string(3, 'x')).ok());
  ASSERT_TRUE(other->Send(to, std::string(4, 'x')).ok());
  ASSERT_TRUE(Wait([&] { return sizes.size() == 6; }));
  EXPECT_THAT(sizes, ElementsAre(4, 8 * kMiB, 1, 2, kMiB, 3));
}

// So that they do not stand behind much of them.
TEST_F(NodeLimitsTest, WhileSmallMessagesPassLargeOnesTheSocketIsNarrow) {
  Start();
  std::vector<size_t> sizes;
  const Pid to = SpawnSizes(*b_, sizes);
  Recorder large(*a_);
  Recorder small(*a_);
  ASSERT_TRUE(Settle());
  Channel channel = a_->distribution().Find(b_->name());
  const auto sndbuf = [&] {
    const auto options = channel.GetOptions({"sndbuf"});
    return options.ok() ? options->front().value : -1;
  };
  const int wide = sndbuf();
  const std::string text(8 * kMiB, 'x');
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    sizes.clear();
    ASSERT_TRUE(large->Send(to, text).ok());
    EXPECT_EQ(sndbuf(), wide) << "large ones alone have it all";
    ASSERT_TRUE(small->Send(to, std::string(1, 'x')).ok());
    EXPECT_LT(sndbuf(), wide);
    EXPECT_GT(sndbuf(), 0);
    ASSERT_TRUE(Wait([&] { return sizes.size() == 2; }));
    EXPECT_THAT(sizes, ElementsAre(1, 8 * kMiB));
    EXPECT_EQ(sndbuf(), wide);
  }
  // Unless it has less as it is.
  ASSERT_TRUE(channel.SetOptions({{"sndbuf", 8192}}).ok());
  ASSERT_TRUE(large->Send(to, text).ok());
  ASSERT_TRUE(small->Send(to, std::string(1, 'x')).ok());
  EXPECT_EQ(sndbuf(), 2 * 8192);
  ASSERT_TRUE(Wait([&] { return sizes.size() == 4; }));
  EXPECT_EQ(sndbuf(), 2 * 8192);
}

TEST_F(NodeLimitsTest, TheEndOfAProcessComesBehindItsLargeMessages) {
  Start();
  Recorder dying(*a_);
  ASSERT_TRUE(a_->Register("dying", dying.pid).ok());
  std::vector<std::string> got;
  const Pid to = b_->Spawn([&](Process&, const TermView& message) {
    got.push_back(message.IsTuple(5) ? "down" : "message");
  });
  b_->Find(to).Monitor(dying.pid);
  b_->Find(to).Monitor(NameAt{"dying", "a@localhost"});
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(dying->Send(to, std::string(4 * kMiB, 'x')).ok());
  ASSERT_TRUE(dying->Send(to, "small").ok());
  dying->Exit(MakeTerm(Atom("crash")));
  ASSERT_TRUE(Wait([&] { return got.size() == 4; }));
  EXPECT_THAT(got, ElementsAre("message", "message", "down", "down"));
}

TEST_F(NodeLimitsTest, LargeMessagesBothWaysDoNotWaitForEachOther) {
  // Each waits behind another of its pair, and is more than peer_owed_bytes.
  Start();
  std::vector<size_t> at_a;
  std::vector<size_t> at_b;
  const Pid a = SpawnSizes(*a_, at_a);
  const Pid b = SpawnSizes(*b_, at_b);
  ASSERT_TRUE(Settle());
  for (const size_t size : {15 * kMiB, 20 * kMiB}) {
    const std::string bytes(size, 'x');
    ASSERT_TRUE(a_->Send(b, bytes).ok());
    ASSERT_TRUE(b_->Send(a, bytes).ok());
  }
  ASSERT_TRUE(Wait([&] { return at_a.size() + at_b.size() == 4; }));
}

TEST_F(NodeLimitsTest, ALargeMessageRefusesOnlyOtherLargeOnes) {
  NodeOptions a = OptionsOf("a@localhost");
  a.peer_queue_bytes = kMiB;
  Start(a, OptionsOf("b@localhost"));
  Recorder one(*a_);
  Recorder other(*a_);
  std::vector<size_t> sizes;
  const Pid to = SpawnSizes(*b_, sizes);
  ASSERT_TRUE(Settle());
  const std::string large(4 * kMiB, 'x');
  ASSERT_TRUE(one->Send(to, large).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(other->Send(to, large)));
  EXPECT_TRUE(absl::IsResourceExhausted(one->Send(to, "behind")));
  EXPECT_TRUE(other->Send(to, "small").ok());
  ASSERT_TRUE(Wait([&] { return writable_ > 0; }));
  EXPECT_TRUE(other->Send(to, large).ok());
  ASSERT_TRUE(Wait([&] { return sizes.size() == 3; }));
}

// What the peer does not have.

TEST_F(NodeLimitsTest, EverythingWorksWithoutEachOfTheOptionalFlags) {
  std::vector<uint64_t> cases = {0, kOptionalNodeFlags,
                                 kOptionalNodeFlags & ~kDflagFragments,
                                 kOptionalNodeFlags & ~kDflagDistHdrAtomCache};
  for (uint64_t flag = 1; flag != 0; flag <<= 1) {
    if ((flag & kOptionalNodeFlags) != 0) cases.push_back(flag);
  }
  for (const uint64_t disabled : cases) {
    SCOPED_TRACE(FlagNames(disabled));
    NodeOptions a = OptionsOf("a@localhost");
    a.disabled_flags = disabled;
    Start(a, OptionsOf("b@localhost"));
    Recorder near(*a_, TrapExits());
    Recorder far(*b_);
    ASSERT_TRUE(b_->Register("server", far.pid).ok());
    const Reference alias = far->CreateAlias();
    // One waits for the connection, the other is refused.
    ASSERT_TRUE(near->Send(alias, "alias").ok());
    near->Link(far.pid);
    near->Monitor(far.pid);
    ASSERT_TRUE(Settle());
    const bool has_alias = (disabled & kDflagAlias) == 0;
    EXPECT_EQ(near->Send(alias, "alias").ok(), has_alias);
    ASSERT_TRUE(near->Send(far.pid, std::string(kMiB, 'x')).ok());
    // In one piece it fills the connection's queue.
    ASSERT_TRUE(Wait([&] {
      return near->Send(NameAt{"server", "b@localhost"}, "name").ok();
    }));
    const size_t expected = has_alias ? 4 : 2;
    ASSERT_TRUE(Wait([&] { return far.messages.size() == expected; }));
    far->Exit(MakeTerm(std::string(200'000, 'r')));
    ASSERT_TRUE(Wait([&] { return near.messages.size() == 2; }));
    EXPECT_GT(near.messages[0].size(), 200'000u);
    EXPECT_GT(near.messages[1].size(), 200'000u);
    near->Exit(MakeTerm(std::string(200'000, 'r')));
    ASSERT_TRUE(Settle());
    a_.reset();
    b_.reset();
  }
}

TEST_F(NodeLimitsTest, APeerWithoutUnlinkIdIsUnlinkedAsItUnderstands) {
  Start();
  RawPeer peer(*reactor_, directory_.Join("a"), "peer@localhost");
  peer.flags = kHiddenNodeFlags & ~(kDflagUnlinkId | kMandatoryOtp26);
  peer.flags |= kMandatoryOtp25 & ~kDflagUnlinkId;
  peer.Send(peer.Dial());
  ASSERT_TRUE(peer.ReceiveHandshake().has_value());
  const Pid other("peer@localhost", 7, 0, 0x12345678);
  Recorder near(*a_, TrapExits());
  const auto next = [&] {
    ControlMessage signal;
    const std::optional<std::string> body = peer.ReceiveData();
    EXPECT_TRUE(body.has_value());
    EXPECT_TRUE(DecodePassThrough(body.value_or(""), signal).ok());
    return signal;
  };
  const auto exit = [&] {
    StringWriter packet;
    EncodePassThrough(control::Exit{.from = other,
                                    .to = near.pid,
                                    .token = {},
                                    .reason = MakeTerm(Atom("crash")),
                                    .reason_is_payload = false},
                      packet);
    peer.Send(DataPacket(packet.view()));
  };
  near->Link(other);
  EXPECT_TRUE(std::holds_alternative<control::Link>(next()));
  near->Unlink(other);
  EXPECT_TRUE(std::holds_alternative<control::Unlink>(next()));
  exit();
  StringWriter message;
  EncodePassThrough(
      control::Send{
          .from = {}, .to = near.pid, .token = {}, .message = MakeTerm(1)},
      message);
  peer.Send(DataPacket(message.view()));
  ASSERT_TRUE(Wait([&] { return !near.messages.empty(); }));
  EXPECT_THAT(near.messages, ElementsAre("1")) << "it was unlinked";
  near->Link(other);
  EXPECT_TRUE(std::holds_alternative<control::Link>(next()));
  exit();
  ASSERT_TRUE(Wait([&] { return near.messages.size() == 2; }));
}

// Mailboxes at their limit.

ProcessOptions Limited(size_t bytes, MailboxLimitAction action) {
  ProcessOptions options;
  options.mailbox_bytes = bytes;
  options.at_mailbox_limit = action;
  return options;
}

TEST_F(NodeLimitsTest, AFullMailboxThatExitsIsNoticedByNoOther) {
  Start();
  Recorder full(*b_, Limited(10'000, MailboxLimitAction::kExit));
  Recorder free(*b_);
  Recorder watcher(*a_);
  full->Pause();
  const Reference monitor = watcher->Monitor(full.pid);
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(watcher->Send(full.pid, i).ok());
    ASSERT_TRUE(watcher->Send(free.pid, i).ok());
  }
  ASSERT_TRUE(Wait([&] { return free.messages.size() == 5000; }));
  EXPECT_EQ(full.death, "system_limit");
  ASSERT_TRUE(Settle());
  EXPECT_THAT(watcher.messages, ElementsAre(absl::StrCat(
                                    "{'DOWN',", monitor.ToString(), ",process,",
                                    full.pid.ToString(), ",system_limit}")));
}

TEST_F(NodeLimitsTest, AFullMailboxThatPausesLosesNothing) {
  Start();
  Recorder full(*b_, Limited(10'000, MailboxLimitAction::kPause));
  Recorder free(*b_);
  Recorder from(*a_);
  full->Pause();
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(from->Send(full.pid, i).ok());
    ASSERT_TRUE(from->Send(free.pid, i).ok());
  }
  ASSERT_TRUE(Wait([&] { return full->mailbox_bytes() > 10'000; }));
  // It holds its connection, and what its own node sends goes on.
  ASSERT_TRUE(b_->Send(free.pid, "local").ok());
  ASSERT_TRUE(Wait([&] {
    return !free.messages.empty() && free.messages.back() == "<<\"local\">>";
  }));
  EXPECT_LT(full->mailbox_bytes(), 11'000u);
  full->Resume();
  ASSERT_TRUE(Wait([&] {
    return full.messages.size() == 5000 && free.messages.size() == 5001;
  }));
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(full.messages[i], absl::StrCat(i));
  }
}

TEST_F(NodeLimitsTest, AFullMailboxThatAwaitsIsReadAgainWhenItIsHalfEmpty) {
  Start();
  Recorder full(*b_, Limited(95, MailboxLimitAction::kPause));
  Recorder from(*a_);
  ASSERT_TRUE(Settle());
  full->Pause();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(from->Send(full.pid, i).ok());
  ASSERT_TRUE(from->Send(full.pid, Atom("answer")).ok());
  ASSERT_TRUE(Wait([&] { return full->mailbox_bytes() > 95; }));
  const size_t waiting = full->mailbox_count();
  ASSERT_LT(waiting, 20u);
  full.then = [&](Process& self, const TermView&) {
    if (self.mailbox_count() > 2) return;
    full.then = nullptr;
    self.Await(
        [](const TermView& term) { return term.AsInt64() == 19; },
        absl::InfiniteDuration(),
        [&](Process&, const TermView&) { full.messages.push_back("awaited"); });
  };
  full->Resume();
  ASSERT_TRUE(Wait([&] { return full->mailbox_bytes() > 95; }))
      << "it was read again";
}

TEST_F(NodeLimitsTest, AnAnswerComesThroughWhatArrivesMeanwhile) {
  Start();
  Recorder asking(*b_);
  Recorder from(*a_);
  asking.then = [&](Process& self, const TermView& message) {
    if (message.AsInt64() != 0) return;
    EXPECT_TRUE(self.Send(from.pid, Atom("question")).ok());
    self.Await([](const TermView& term) { return term.IsAtom("answer"); },
               absl::Seconds(20),
               [&](Process&, const TermView& answer) {
                 asking.messages.push_back("the " + ToText(answer));
               });
  };
  from.then = [&](Process& self, const TermView&) {
    EXPECT_TRUE(self.Send(asking.pid, Atom("answer")).ok());
  };
  for (int i = 0; i <= 1000; ++i) {
    ASSERT_TRUE(from->Send(asking.pid, i).ok());
  }
  ASSERT_TRUE(Wait([&] { return asking.messages.size() == 1002; }));
  EXPECT_EQ(asking.messages[0], "0");
  EXPECT_EQ(asking.messages[1], "the answer");
  for (int i = 1; i <= 1000; ++i) {
    ASSERT_EQ(asking.messages[i + 1], absl::StrCat(i));
  }
}

}  // namespace
}  // namespace ringdist
