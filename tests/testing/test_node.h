// TestNode: a Distribution whose handler writes down what it is told.
//
//   TemporaryDirectory directory;
//   TestNode a(*reactor, NodeOptionsAt(directory, "a@localhost"));
//   TestNode b(*reactor, NodeOptionsAt(directory, "b@localhost"));
//   ASSERT_TRUE(b->Listen().ok());
//   ASSERT_TRUE(a->Setup(b.name()).ok());
//   ASSERT_TRUE(RunUntil(*reactor, [&] { return AreConnected(a, b); }));
//   EXPECT_THAT(a.events(), ElementsAre("up b@localhost"));

#ifndef RINGDIST_TESTS_TESTING_TEST_NODE_H_
#define RINGDIST_TESTS_TESTING_TEST_NODE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/distribution.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tests/testing/temporary_directory.h"

namespace ringdist {

// A good name, or the test ends.
NodeName NameOf(absl::string_view full);

// What the nodes of a test have in common: the directory and a cookie.
DistributionOptions NodeOptionsAt(const TemporaryDirectory& directory,
                                  absl::string_view name);

class TestNode final : private DistributionHandler {
 public:
  TestNode(Reactor& reactor, DistributionOptions options);
  ~TestNode() override;

  Distribution* operator->() { return distribution_.get(); }
  const NodeName& name() const { return distribution_->name(); }
  // The connection to a peer, if it is up.
  Channel To(const TestNode& peer) const {
    return distribution_->Find(peer.name());
  }
  // Connections in whatever state.
  size_t connections() const { return distribution_->statistics().connections; }
  // As at the end of scope.
  void Destroy() { distribution_.reset(); }

  // In order: "up b@localhost", "down b@localhost: reason", "writable
  // b@localhost", "setup failed b@localhost: reason", "named X1@localhost".
  const std::vector<std::string>& events() const { return events_; }
  void ForgetEvents() { events_.clear(); }
  // How many events begin so.
  int CountEvents(absl::string_view beginning) const;
  // The packets that came, unless on_packet is set.
  const std::vector<std::string>& packets() const { return packets_; }
  void ForgetPackets() { packets_.clear(); }
  // What the node logged, by all its lines.
  const std::string& log() const { return log_; }
  // Of the last OnUp.
  const PeerInfo& last_peer() const { return last_peer_; }

  // Called by the handler, after it has written down the event. What they refer
  // to must live until the node ends or forgets them.
  void ForgetCallbacks();
  std::function<void(Channel&)> on_up;
  std::function<void(Channel&, absl::string_view)> on_packet;
  std::function<void(Channel&)> on_writable;
  std::function<void(Channel&, const absl::Status&)> on_down;
  std::function<void(const NodeName&, const absl::Status&)> on_setup_failed;
  std::function<void()> on_named;

 private:
  void OnUp(Channel& channel, const PeerInfo& peer) override;
  void OnPacket(Channel& channel, absl::string_view packet) override;
  void OnWritable(Channel& channel) override;
  void OnDown(Channel& channel, const PeerInfo& peer,
              const absl::Status& reason) override;
  void OnSetupFailed(const NodeName& peer, const absl::Status& reason) override;
  void OnNamed(const NodeName& name, uint32_t creation) override;

  std::vector<std::string> events_;
  std::vector<std::string> packets_;
  std::string log_;
  PeerInfo last_peer_;
  std::unique_ptr<Distribution> distribution_;
};

// Whether each of them has the other up.
bool AreConnected(const TestNode& a, const TestNode& b);

// Lets `b` listen, `a` connect to it, and waits until they are.
[[nodiscard]] bool Connect(Reactor& reactor, TestNode& a, TestNode& b);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_TEST_NODE_H_
