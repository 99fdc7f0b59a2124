// OutboundLink: the signals of this node on their way to one peer, in order.
// Internal to //runtime:node.
//
//   link.SendMessage(signal, payload);     // before it is up: they wait
//   link.Up(channel);                      // and go out now
//   link.OnWritable();                     // the channel takes packets again
//
// Order is kept per pair of sender and receiver, as Erlang promises it, and no
// more: a large message goes out in fragments, between which what others send
// goes its way; only the later signals of its own pair wait behind it.

#ifndef RINGDIST_RUNTIME_OUTBOUND_LINK_H_
#define RINGDIST_RUNTIME_OUTBOUND_LINK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_encoder.h"
#include "ringdist/proto/growing_memory.h"
#include "ringdist/runtime/channel.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// Who sent a signal to whom, as far as their order matters.
struct SignalPair {
  enum class Receiver { kPid, kName, kAlias };

  // Whether a later signal of `other` must not overtake one of this pair: the
  // same sender and receiver; or possibly the same one, under a name, an alias
  // or its pid; or the sender has died. Whoever has died under a name may be
  // any of the senders.
  bool Holds(const SignalPair& other) const {
    const bool may_be_same_receiver = kind != other.kind || to == other.to;
    if (other.from == 0) return may_be_same_receiver;
    return from == other.from && (other.is_death || may_be_same_receiver);
  }

  uint64_t from = 0;  // The sender's id and serial; 0 if it is not known.
  Receiver kind = Receiver::kPid;
  uint64_t to = 0;  // A hash.
  bool is_death = false;
};
SignalPair PairOf(const ControlMessage& signal);

class OutboundLink {
 public:
  // While so many bytes wait here, messages are refused. `on_progress` runs
  // when less waits than before, never inside a call that sends.
  OutboundLink(Reactor& reactor, size_t limit_bytes,
               absl::AnyInvocable<void()> on_progress);
  OutboundLink(const OutboundLink&) = delete;
  OutboundLink& operator=(const OutboundLink&) = delete;
  ~OutboundLink();

  // The connection is up: what waits goes out first.
  void Up(Channel channel);
  bool is_up() const { return encoder_.has_value(); }
  const Channel& channel() const { return channel_; }

  // A message, `payload` its payload. ResourceExhausted: too much waits
  // already, nothing was queued; TakeRefused tells when that has changed.
  // Unavailable: the connection is gone. One that is `owed` is never refused.
  absl::Status SendMessage(const ControlMessage& signal, PayloadWriter payload,
                           bool owed = false);
  // As SendMessage, of a message that differs in nothing but its payload from
  // the last one of another call; faster. That one's `repeated` was not 0, and
  // is given here. False: nothing was done, call SendMessage.
  bool SendAgain(uint64_t repeated, PayloadWriter payload);
  uint64_t repeated() const {
    return encoder_.has_value() ? encoder_->repeated() : 0;
  }
  const ControlMessage& repeated_message() const {
    return encoder_->repeated_message();
  }
  // A signal without a payload to write; never refused.
  void SendSignal(const ControlMessage& signal);

  // The channel takes packets again.
  void OnWritable();
  // Whether messages were refused and would not be any more; once.
  bool TakeRefused();

  // Bytes that wait here, beside those in the channel.
  size_t waiting_bytes() const { return waiting_bytes_ + large_bytes_; }
  // What waits of what is never refused.
  size_t owed_bytes() const { return owed_bytes_; }
  AtomCacheStatistics atom_cache() const;

 private:
  // What is larger goes out in fragments. A real node makes two of a binary of
  // 64 KiB, of which the second has no more than what stands around it, and the
  // receiver has to put them together: that pays for neither end.
  static constexpr size_t kLargestWhole = kFragmentBytes + 4096;

  // A signal that waits, as `70 83 <control> [83 <payload>]`.
  struct Waiting {
    SignalPair pair;
    uint64_t number = 0;  // In the order they came.
    bool owed = false;    // Was not to be refused.
    std::unique_ptr<StringWriter> packet;
  };
  // One that is being sent in fragments.
  struct Large {
    SignalPair pair;
    uint64_t sequence = 0;
    std::shared_ptr<const GrowingMemory> packet;  // As if in one piece.
    size_t size = 0;                              // Of it.
    size_t sent = 2;        // What stands in front of a header, 83 44.
    size_t first_size = 0;  // Of the first fragment: all but the payload, too.
    std::deque<Waiting> behind;  // Later signals that it holds.

    size_t left() const { return size - sent; }
  };
  // What releases of referenced bytes, which may outlive the link, go through.
  struct Pump {
    OutboundLink* link;
    size_t fragments_out = 0;  // The kernel is not done with them.
  };

  enum class Outcome {
    kSent,    // Or begun, or waiting behind a large one.
    kNoRoom,  // The channel takes nothing now.
    kGone,    // Nor ever.
  };

  // Unless it `may_queue`, what would be queued here, being large or behind a
  // large one, is kNoRoom. `known_pair` is the signal's, or null.
  Outcome TrySend(const SignalPair* known_pair, const ControlMessage& signal,
                  PayloadWriter payload, bool may_queue, bool owed);
  // A packet to encode a message into: what is large gets memory of its own.
  PacketWriter BeginMessage() {
    return channel_.BeginPacket(encoder_->fragments() ? kLargestWhole
                                                      : Channel::kNeverApart);
  }
  // What follows encoding.
  Outcome SendEncoded(PacketWriter& packet,
                      absl::FunctionRef<SignalPair()> pair, bool may_queue);
  // Sends what was encoded into it.
  Outcome Finish(PacketWriter& packet);
  Outcome TrySendWaiting(const Waiting& waiting);
  void BeginLarge(const SignalPair& pair, GrowingMemory packet, size_t size);
  Large* FindHolder(const SignalPair& pair);
  // Makes it wait at the end of a queue.
  void PutBehind(std::deque<Waiting>& queue, const SignalPair& pair,
                 const ControlMessage& signal, PayloadWriter payload,
                 bool owed);
  // Makes one that waits already wait at its place in another queue.
  static void MoveTo(std::deque<Waiting>& queue, Waiting waiting);
  void Forget(const Waiting& waiting);
  void SendWaitings();
  void OnFragments();
  void SendFragments();
  bool SendFragment(Large& large);
  void FinishLarge(size_t index);
  // While small messages pass beside large ones, the socket holds less: they
  // stand behind all that it holds.
  void NarrowSocket();
  void WidenSocket();

  const size_t limit_bytes_;
  absl::AnyInvocable<void()> on_progress_;
  Channel channel_;
  std::optional<DistributionEncoder> encoder_;  // Since it is up.
  std::deque<Waiting> waiting_;
  size_t waiting_bytes_ = 0;  // Of waiting_, and behind large ones.
  size_t owed_bytes_ = 0;     // Of these.
  uint64_t last_number_ = 0;
  std::vector<std::unique_ptr<Large>> large_;
  size_t large_bytes_ = 0;  // Of all of them, until they are finished.
  size_t next_large_ = 0;   // Whose turn it is.
  bool is_narrow_ = false;
  int wide_sndbuf_ = 0;  // The socket's before; 0: as it is.
  uint64_t last_sequence_ = 0;
  std::shared_ptr<Pump> pump_;
  bool refused_ = false;
  Task fragments_task_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_OUTBOUND_LINK_H_
