#include "ringdist/tests/testing/test_node.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/tests/testing/run_until.h"

namespace ringdist {

NodeName NameOf(absl::string_view full) {
  absl::StatusOr<NodeName> name = NodeName::Parse(full);
  RINGDIST_CHECK(name.ok());
  return *std::move(name);
}

DistributionOptions NodeOptionsAt(const TemporaryDirectory& directory,
                                  absl::string_view name) {
  DistributionOptions options;
  options.name = std::string(name);
  options.cookie = "secret";
  options.directory = directory.path();
  return options;
}

TestNode::TestNode(Reactor& reactor, DistributionOptions options) {
  options.log = [this](LogLevel, absl::string_view line) {
    absl::StrAppend(&log_, line, "\n");
  };
  absl::StatusOr<std::unique_ptr<Distribution>> distribution =
      Distribution::Create(reactor, std::move(options), *this);
  RINGDIST_CHECK(distribution.ok());
  distribution_ = *std::move(distribution);
}

TestNode::~TestNode() { ForgetCallbacks(); }

void TestNode::ForgetCallbacks() {
  on_up = nullptr;
  on_packet = nullptr;
  on_writable = nullptr;
  on_down = nullptr;
  on_setup_failed = nullptr;
  on_named = nullptr;
}

int TestNode::CountEvents(absl::string_view beginning) const {
  return static_cast<int>(std::count_if(
      events_.begin(), events_.end(), [&](const std::string& event) {
        return absl::StartsWith(event, beginning);
      }));
}

void TestNode::OnUp(Channel& channel, const PeerInfo& peer) {
  last_peer_ = peer;
  events_.push_back(absl::StrCat("up ", peer.name.full()));
  if (on_up) on_up(channel);
}

void TestNode::OnPacket(Channel& channel, absl::string_view packet) {
  if (on_packet) return on_packet(channel, packet);
  packets_.emplace_back(packet);
}

void TestNode::OnWritable(Channel& channel) {
  events_.push_back(absl::StrCat("writable ", channel.peer().name.full()));
  if (on_writable) on_writable(channel);
}

void TestNode::OnDown(Channel& channel, const PeerInfo& peer,
                      const absl::Status& reason) {
  events_.push_back(
      absl::StrCat("down ", peer.name.full(), ": ", reason.message()));
  if (on_down) on_down(channel, reason);
}

void TestNode::OnSetupFailed(const NodeName& peer, const absl::Status& reason) {
  events_.push_back(
      absl::StrCat("setup failed ", peer.full(), ": ", reason.message()));
  if (on_setup_failed) on_setup_failed(peer, reason);
}

void TestNode::OnNamed(const NodeName& name, uint32_t creation) {
  RINGDIST_CHECK_EQ(creation, distribution_->creation());
  events_.push_back(absl::StrCat("named ", name.full()));
  if (on_named) on_named();
}

bool AreConnected(const TestNode& a, const TestNode& b) {
  return a.To(b).IsUp() && b.To(a).IsUp();
}

bool Connect(Reactor& reactor, TestNode& a, TestNode& b) {
  return b->Listen().ok() && a->Setup(b.name()).ok() &&
         RunUntil(reactor, [&] { return AreConnected(a, b); });
}

}  // namespace ringdist
