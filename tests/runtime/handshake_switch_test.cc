// Headers have two bytes until the handshake is complete and four from then on.
// The stream may be split anywhere: the handshake's last message and the first
// packets come to a node in two pieces that are cut at every place, in single
// bytes, and at once.

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/framing.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/tests/testing/raw_peer.h"
#include "ringdist/tests/testing/run_until.h"
#include "ringdist/tests/testing/splits.h"
#include "ringdist/tests/testing/temporary_directory.h"
#include "ringdist/tests/testing/test_node.h"
#include "ringdist/tests/testing/unix_sockets.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;

class HandshakeSwitchTest : public ::testing::Test {
 protected:
  // Sends the handshake's last message and what follows it in pieces, each of
  // which the node has received before the next one is sent.
  void SendSplit(RawPeer& peer, const Split& split) {
    for (const absl::string_view piece : split.Pieces()) {
      const uint64_t before = node_->statistics().traffic.bytes_in;
      peer.Send(piece);
      ASSERT_TRUE(Wait([&] {
        return node_->statistics().traffic.bytes_in == before + piece.size();
      }));
    }
  }
  void ExpectPackets() {
    ASSERT_TRUE(Wait([&] { return node_.packets().size() >= 3; }));
    EXPECT_THAT(node_.packets(), ElementsAre("x", "second", "last"));
    EXPECT_THAT(node_.events(), ElementsAre("up peer@localhost"));
  }
  void Disconnect(RawPeer& peer) {
    peer.Close();
    ASSERT_TRUE(Wait([&] { return node_.connections() == 0; }));
    node_.ForgetEvents();
    node_.ForgetPackets();
  }
  bool Wait(absl::FunctionRef<bool()> done) {
    return RunUntil(*reactor_, done);
  }

  // After the handshake; a tick among them.
  const std::string packets_ = absl::StrCat(
      DataPacket("x"), DataPacket("second"), kTickPacket, DataPacket("last"));
  TemporaryDirectory directory_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::Create();
  TestNode node_{*reactor_, NodeOptionsAt(directory_, "node@localhost")};
};

TEST_F(HandshakeSwitchTest, OfTheNodeThatDialled) {
  const FileDescriptor listening = ListenAt(directory_.Join("peer"), 5);
  // The ack is random: its splits are those of a stream of its size.
  const size_t size = 2 + 17 + packets_.size();
  const size_t count = AllSplits(std::string(size, '\0')).size();
  ASSERT_GT(count, size);
  for (size_t i = 0; i < count; ++i) {
    ASSERT_TRUE(node_->Setup(NameOf("peer@localhost")).ok());
    RawPeer peer = AcceptPeer(*reactor_, listening, "peer@localhost");
    const std::string stream = peer.Answer() + packets_;
    ASSERT_EQ(stream.size(), size);
    const Split split = AllSplits(stream)[i];
    SCOPED_TRACE(split.name);
    SendSplit(peer, split);
    ExpectPackets();
    Disconnect(peer);
    if (HasFailure()) return;
  }
}

TEST_F(HandshakeSwitchTest, OfTheNodeThatWasDialled) {
  ASSERT_TRUE(node_->Listen().ok());
  const size_t size = 2 + 21 + packets_.size();
  const size_t count = AllSplits(std::string(size, '\0')).size();
  for (size_t i = 0; i < count; ++i) {
    RawPeer peer(*reactor_, directory_.Join("node"), "peer@localhost");
    const std::string stream = peer.Dial() + packets_;
    ASSERT_EQ(stream.size(), size);
    const Split split = AllSplits(stream)[i];
    SCOPED_TRACE(split.name);
    SendSplit(peer, split);
    ExpectPackets();
    Disconnect(peer);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ringdist
