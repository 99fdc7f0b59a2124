// Controller: the distribution controller of one connection, from the first
// byte to the last. It dials or was dialled, shakes hands, then hands packets
// to the handler and takes packets from its channel, ticks, and goes down once,
// with one reason.
//
//   kDialling --> kHandshaking --> kUp --> kDeathRow
//
// From each of them it goes to kClosing (OnControllerDown runs, then the last
// completions, then OnControllerClosed), from the last two also by way of
// kLeaving, when the embedder disconnects within a callback.
//
// Internal to //runtime:distribution, which owns all controllers.

#ifndef RINGDIST_RUNTIME_CONTROLLER_H_
#define RINGDIST_RUNTIME_CONTROLLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/proto/framing.h"
#include "ringdist/proto/growing_memory.h"
#include "ringdist/proto/handshake.h"
#include "ringdist/runtime/carrier.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/connection.h"
#include "ringdist/runtime/credit.h"
#include "ringdist/runtime/distribution_handler.h"
#include "ringdist/runtime/distribution_options.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/runtime/tick.h"

namespace ringdist {

class Controller final : public Connection::Owner {
 public:
  // What a controller asks and tells. `id` is its own.
  class Owner {
   public:
    // An inbound handshake's peer said its name.
    virtual ConnectionDecision DecideInbound(Controller& controller,
                                             const NodeName& peer) = 0;
    // A name at `host` that no peer has, for a peer that asks for one.
    virtual absl::StatusOr<NodeName> InventName(Controller& controller,
                                                const std::string& host) = 0;
    virtual bool IsStillPending(Controller& controller) = 0;
    // The handshake is complete; channel() and peer() are ready, and what the
    // handshake still sends is queued. The owner tells the handler.
    virtual void OnControllerUp(Controller& controller,
                                const HandshakeResult& result) = 0;
    // Once. `was_up`: after OnControllerUp.
    virtual void OnControllerDown(Controller& controller,
                                  const absl::Status& reason, bool was_up) = 0;
    // Last; in it the controller may be destroyed.
    virtual void OnControllerClosed(Controller& controller) = 0;

   protected:
    ~Owner() = default;
  };

  // What all controllers of a node share; outlives them.
  struct Shared {
    Reactor& reactor;
    Carrier& carrier;
    const DistributionOptions& options;
    EntropySource& entropy;
    DistributionHandler& handler;
    Owner& owner;
    std::vector<SocketOption> socket_options = {};  // For new connections.
    BlockPool pool = {};
  };

  Controller(Shared& shared, uint64_t id);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  ~Controller();

  // Begins, as one or the other. `local` is the node as it is now.
  void Dial(const LocalNode& local, const NodeName& peer);
  void Accept(const LocalNode& local, int fd);

  uint64_t id() const { return id_; }
  bool dialled_by_us() const { return dialled_by_us_; }
  // The peer's name as far as it is known: dialled, said, or given.
  const NodeName& peer_name() const { return peer_.name; }
  const PeerInfo& peer() const { return peer_; }
  Channel& channel() { return channel_; }
  bool is_up() const {
    return state_ == State::kUp || state_ == State::kDeathRow;
  }
  ChannelStatistics statistics() const;
  absl::Status SetOptions(absl::Span<const SocketOption> options) {
    return shared_.carrier.Configure(connection_->fd(), options);
  }
  absl::StatusOr<std::vector<SocketOption>> GetOptions(
      absl::Span<const std::string> names) {
    return shared_.carrier.Configuration(connection_->fd(), names);
  }

  // Ends it: at once, or (for calls from callbacks of the embedder) at the end
  // of this turn. The first reason stands.
  void GoDown(absl::Status reason);
  void GoDownSoon(absl::Status reason);

  // For Channel, PacketWriter and Delivery.
  absl::Status Writable();
  // Whether Writable is OK, without saying why not.
  bool IsWritable() const {
    return state_ == State::kUp &&
           connection_->queue().size() < shared_.options.send_queue_bytes;
  }
  absl::Span<char> ReservePacket(size_t size) {
    return connection_->queue().Reserve(size);
  }
  void CommitPacket(size_t header_and_body) {
    connection_->queue().Commit(header_and_body);
    ++packets_out_;
    connection_->Flush();
  }
  void AppendReferenced(absl::string_view payload, ReleaseCallback release);
  GrowingMemory TakePacket(size_t* size);
  GrowingMemory TakeMemory();
  void ReturnCredit();

 private:
  enum class State {
    kIdle,         // Neither Dial nor Accept was called.
    kDialling,     // The carrier is at work.
    kHandshaking,  // Connected; packets with 2-byte headers.
    kUp,           // Packets with 4-byte headers.
    kDeathRow,     // Up, but sending failed: waits for the real reason.
    kLeaving,      // Told to go down at the end of this turn.
    kClosing,      // Down; waits for what is in flight.
  };
  using Handshake =
      std::variant<std::monostate, HandshakeInitiator, HandshakeAcceptor>;

  // Connection::Owner.
  void OnReceived(absl::string_view& bytes) override;
  absl::Span<char> StraightMemory() override;
  void OnReceivedStraight(size_t size) override;
  void OnSent() override;
  void OnReceiveEnded(const absl::Status& reason) override;
  void OnSendFailed(const absl::Status& reason) override;
  void OnClosed() override;

  void OnDialled(absl::StatusOr<int> fd);
  absl::Status Connect(int fd);
  void ReceiveHandshake(absl::string_view& bytes);
  void ReceivePackets(absl::string_view& bytes);
  void DeliverPacket(absl::string_view packet) {
    current_packet_ = packet;
    shared_.handler.OnPacket(channel_, packet);
    current_packet_ = absl::string_view();
  }
  HandshakeStep FeedHandshake(absl::string_view packet);
  HandshakeStep AskOwner(const HandshakeStep& step);
  void TakeStep(HandshakeStep step);
  void BecomeUp();
  std::string PeerForErrors() const;

  void StartSetupTimer();
  void OnTimer();
  void OnSetupTime();
  void StartTicking();
  void OnTickTime();
  void OnDownSoon();
  void CloseConnection();

  Shared& shared_;
  const uint64_t id_;
  State state_ = State::kIdle;
  bool dialled_by_us_ = false;
  bool waits_to_be_superseded_ = false;
  bool writer_was_refused_ = false;  // OnWritable is owed.
  PeerInfo peer_;
  Channel channel_;
  std::shared_ptr<Controller*> link_;  // The channel's; null in it when down.
  std::unique_ptr<DialAttempt> dial_;
  std::optional<Connection> connection_;
  std::unique_ptr<Handshake> handshake_;  // Until up.
  absl::Time handshake_deadline_;         // The whole of it.
  PacketDecoder decoder_;
  Credit credit_;
  Tick tick_;
  // The one that OnPacket is given; null when it was taken.
  absl::string_view current_packet_;
  uint64_t packets_in_ = 0;
  uint64_t packets_out_ = 0;
  absl::Status down_reason_;  // Of death row, and of GoDownSoon.
  Timer timer_;               // Of the setup, then of ticks, then of death row.
  Task down_soon_;
  Task closed_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CONTROLLER_H_
