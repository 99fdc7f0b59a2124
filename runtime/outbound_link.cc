#include "ringdist/runtime/outbound_link.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/runtime/signal_packet.h"

namespace ringdist {
namespace {

// Fragments in the channel at one time: what is sent in between stands behind
// them. A second one was no faster.
constexpr size_t kMaxFragmentsOut = 1;

// Of the socket, while small messages pass beside large ones; the system
// doubles it. With less, large ones pass much slower, and small ones hardly
// faster.
constexpr int kNarrowSndbuf = 32 * 1024;
// A large message that has less to go is not worth the system calls.
constexpr size_t kMinNarrowed = size_t{1024} * 1024;

// An `ei` node takes none, and closes the connection over one. Monitors of its
// processes fire when it goes down.
template <typename PidOrName>
bool TakesMonitorsOf(const PidOrName& monitored, uint64_t flags) {
  const bool by_name = std::holds_alternative<AtomView>(monitored);
  const uint64_t needed =
      kDflagDistMonitor | (by_name ? kDflagDistMonitorName : 0);
  return (flags & needed) == needed;
}

// Whether a peer that negotiated these flags understands the signal.
bool IsUnderstood(const ControlMessage& signal, uint64_t flags) {
  if (std::holds_alternative<control::AliasSend>(signal)) {
    return (flags & kDflagAlias) != 0;
  }
  if (std::holds_alternative<control::SpawnRequest>(signal)) {
    return (flags & kDflagSpawn) != 0;
  }
  if (const auto* monitor = std::get_if<control::MonitorP>(&signal)) {
    return TakesMonitorsOf(monitor->to, flags);
  }
  if (const auto* monitor = std::get_if<control::DemonitorP>(&signal)) {
    return TakesMonitorsOf(monitor->to, flags);
  }
  return true;
}

// The payload of a signal that carries it.
auto PayloadIn(const ControlMessage& signal) {
  return [payload = PayloadOf(signal)](TermWriter& writer) {
    writer.WriteTerm(*payload);
  };
}

uint64_t KeyOf(const PidView& pid) {
  return (uint64_t{pid.serial} << 32) | pid.id;
}
uint64_t KeyOf(const AtomView& name) { return HashOfText(name.bytes()); }
uint64_t KeyOf(const ReferenceView& alias) {
  return absl::Hash<absl::Span<const uint32_t>>()(alias.ids());
}

// The pair of each kind of signal.
struct PairReader {
  using Receiver = SignalPair::Receiver;

  SignalPair To(uint64_t from, const PidView& to, bool is_death = false) const {
    return {from, Receiver::kPid, KeyOf(to), is_death};
  }
  SignalPair To(uint64_t from, const AtomView& to) const {
    return {from, Receiver::kName, KeyOf(to), false};
  }
  SignalPair To(uint64_t from, const ReferenceView& to) const {
    return {from, Receiver::kAlias, KeyOf(to), false};
  }

  SignalPair operator()(const control::Send& send) const {
    return To(send.from.has_value() ? KeyOf(*send.from) : 0, send.to);
  }
  SignalPair operator()(const control::AltactSend& send) const {
    return std::visit([&](const auto& to) { return To(KeyOf(send.from), to); },
                      send.to);
  }
  SignalPair operator()(const control::Exit& exit) const {
    return To(KeyOf(exit.from), exit.to, true);
  }
  SignalPair operator()(const control::MonitorPExit& exit) const {
    const auto* pid = std::get_if<PidView>(&exit.from);
    return To(pid != nullptr ? KeyOf(*pid) : 0, exit.to, true);
  }
  SignalPair operator()(const control::MonitorP& monitor) const {
    return std::visit(
        [&](const auto& to) { return To(KeyOf(monitor.from), to); },
        monitor.to);
  }
  SignalPair operator()(const control::DemonitorP& monitor) const {
    return std::visit(
        [&](const auto& to) { return To(KeyOf(monitor.from), to); },
        monitor.to);
  }
  SignalPair operator()(const control::SpawnRequest& spawn) const {
    return {KeyOf(spawn.from), Receiver::kPid, 0, false};
  }
  SignalPair operator()(const control::SpawnReply& reply) const {
    return To(0, reply.to);
  }
  SignalPair operator()(const control::Unknown&) const { return {}; }
  template <typename Signal>
  SignalPair operator()(const Signal& signal) const {
    return To(KeyOf(signal.from), signal.to);
  }
};

}  // namespace

SignalPair PairOf(const ControlMessage& signal) {
  return std::visit(PairReader(), signal);
}

OutboundLink::OutboundLink(Reactor& reactor, size_t limit_bytes,
                           absl::AnyInvocable<void()> on_progress)
    : limit_bytes_(limit_bytes),
      on_progress_(std::move(on_progress)),
      pump_(std::make_shared<Pump>()),
      fragments_task_(reactor,
                      ReactorCallback::To<&OutboundLink::OnFragments>(this)) {
  pump_->link = this;
}

OutboundLink::~OutboundLink() { pump_->link = nullptr; }

void OutboundLink::Up(Channel channel) {
  channel_ = std::move(channel);
  encoder_.emplace(channel_.peer().flags);
  SendWaitings();
  on_progress_();
}

AtomCacheStatistics OutboundLink::atom_cache() const {
  return encoder_.has_value() ? encoder_->statistics() : AtomCacheStatistics();
}

absl::Status OutboundLink::SendMessage(const ControlMessage& signal,
                                       PayloadWriter payload, bool owed) {
  const auto refuse = [this] {
    refused_ = true;
    return absl::ResourceExhaustedError(
        absl::StrCat(waiting_bytes() + channel_.statistics().pending_bytes,
                     " bytes wait to be sent to this node already"));
  };
  const bool may_queue = owed || waiting_bytes() < limit_bytes_;
  if (waiting_.empty() && is_up()) {
    switch (TrySend(nullptr, signal, payload, may_queue, owed)) {
      case Outcome::kSent:
        return absl::OkStatus();
      case Outcome::kNoRoom:
        break;
      case Outcome::kGone:
        return absl::UnavailableError("the connection is gone");
    }
  }
  if (!owed && (is_up() || !may_queue)) return refuse();
  PutBehind(waiting_, PairOf(signal), signal, payload, owed);
  return absl::OkStatus();
}

void OutboundLink::SendSignal(const ControlMessage& signal) {
  if (is_up() && !IsUnderstood(signal, encoder_->flags())) return;
  if (waiting_.empty() && is_up()) {
    const Outcome outcome =
        TrySend(nullptr, signal, NoPayload, /*may_queue=*/true, /*owed=*/true);
    if (outcome != Outcome::kNoRoom) return;
  }
  PutBehind(waiting_, PairOf(signal), signal, NoPayload, /*owed=*/true);
}

OutboundLink::Outcome OutboundLink::TrySend(const SignalPair* known_pair,
                                            const ControlMessage& signal,
                                            PayloadWriter payload,
                                            bool may_queue, bool owed) {
  // Most messages are small, have none that is large before them, and can do
  // without.
  const auto pair = [&] {
    return known_pair != nullptr ? *known_pair : PairOf(signal);
  };
  if (Large* const holder = large_.empty() ? nullptr : FindHolder(pair())) {
    if (!may_queue) return Outcome::kNoRoom;
    PutBehind(holder->behind, pair(), signal, payload, owed);
    return Outcome::kSent;
  }
  PacketWriter packet = BeginMessage();
  if (!packet.status().ok()) {
    return absl::IsResourceExhausted(packet.status()) ? Outcome::kNoRoom
                                                      : Outcome::kGone;
  }
  encoder_->Encode(signal, payload, packet);
  return SendEncoded(packet, pair, may_queue);
}

bool OutboundLink::SendAgain(uint64_t repeated, PayloadWriter payload) {
  if (this->repeated() != repeated || !waiting_.empty() || !large_.empty()) {
    return false;
  }
  PacketWriter packet = BeginMessage();
  if (!packet.status().ok()) return false;
  encoder_->EncodeAgain(payload, packet);
  const auto pair = [this] { return PairOf(encoder_->repeated_message()); };
  return SendEncoded(packet, pair, /*may_queue=*/true) == Outcome::kSent;
}

OutboundLink::Outcome OutboundLink::SendEncoded(
    PacketWriter& packet, absl::FunctionRef<SignalPair()> pair,
    bool may_queue) {
  const size_t size = packet.size();
  const bool is_large = size > kLargestWhole && encoder_->fragments() &&
                        encoder_->payload_offset() < size;
  if (!is_large) return Finish(packet);
  if (!may_queue) {
    encoder_->Abandon();
    return Outcome::kNoRoom;
  }
  BeginLarge(pair(), packet.TakeApart(), size);
  return Outcome::kSent;
}

OutboundLink::Outcome OutboundLink::Finish(PacketWriter& packet) {
  const bool sent = packet.Commit().ok();
  sent ? encoder_->Commit() : encoder_->Abandon();
  if (!is_narrow_ && large_bytes_ > kMinNarrowed) NarrowSocket();
  return sent ? Outcome::kSent : Outcome::kGone;
}

OutboundLink::Large* OutboundLink::FindHolder(const SignalPair& pair) {
  // The last one: what waits behind it comes later than what it waits behind.
  for (auto large = large_.rbegin(); large != large_.rend(); ++large) {
    if ((*large)->pair.Holds(pair)) return large->get();
  }
  return nullptr;
}

void OutboundLink::PutBehind(std::deque<Waiting>& queue, const SignalPair& pair,
                             const ControlMessage& signal,
                             PayloadWriter payload, bool owed) {
  auto packet = std::make_unique<StringWriter>();
  WriteSignalPacket(signal, payload, *packet);
  waiting_bytes_ += packet->size();
  if (owed) owed_bytes_ += packet->size();
  queue.push_back({pair, ++last_number_, owed, std::move(packet)});
}

void OutboundLink::MoveTo(std::deque<Waiting>& queue, Waiting waiting) {
  const auto later =
      std::upper_bound(queue.begin(), queue.end(), waiting.number,
                       [](uint64_t number, const Waiting& other) {
                         return number < other.number;
                       });
  queue.insert(later, std::move(waiting));
}

void OutboundLink::Forget(const Waiting& waiting) {
  waiting_bytes_ -= waiting.packet->size();
  if (waiting.owed) owed_bytes_ -= waiting.packet->size();
}

OutboundLink::Outcome OutboundLink::TrySendWaiting(const Waiting& waiting) {
  ControlMessage signal;
  const absl::Status decoded =
      DecodePassThrough(waiting.packet->view(), signal);
  RINGDIST_CHECK(decoded.ok());
  if (!IsUnderstood(signal, encoder_->flags())) return Outcome::kGone;
  return PayloadOf(signal) == nullptr
             ? TrySend(&waiting.pair, signal, NoPayload, true, waiting.owed)
             : TrySend(&waiting.pair, signal, PayloadIn(signal), true,
                       waiting.owed);
}

void OutboundLink::SendWaitings() {
  while (!waiting_.empty()) {
    Waiting& first = waiting_.front();
    if (Large* const holder = FindHolder(first.pair)) {
      MoveTo(holder->behind, std::move(first));
    } else if (TrySendWaiting(first) == Outcome::kNoRoom) {
      return;
    } else {
      Forget(first);
    }
    waiting_.pop_front();
  }
}

void OutboundLink::OnWritable() {
  SendWaitings();
  OnFragments();
}

bool OutboundLink::TakeRefused() {
  if (!refused_ || !is_up() || !waiting_.empty() ||
      waiting_bytes() >= limit_bytes_) {
    return false;
  }
  refused_ = false;
  return true;
}

// Large messages.

void OutboundLink::BeginLarge(const SignalPair& pair, GrowingMemory packet,
                              size_t size) {
  auto large = std::make_unique<Large>();
  large->pair = pair;
  large->sequence = ++last_sequence_;
  large->packet = std::make_shared<const GrowingMemory>(std::move(packet));
  large->size = size;
  large->first_size = std::min(
      large->left(),
      std::max(kFragmentBytes, encoder_->payload_offset() - large->sent));
  large_bytes_ += size;
  // The first fragment now: its atoms come in the order of the cache.
  const bool sent = SendFragment(*large);
  sent ? encoder_->Commit() : encoder_->Abandon();
  large_.push_back(std::move(large));
  fragments_task_.Schedule();
}

void OutboundLink::OnFragments() {
  SendFragments();
  on_progress_();
}

void OutboundLink::SendFragments() {
  while (!large_.empty() && pump_->fragments_out < kMaxFragmentsOut) {
    if (next_large_ >= large_.size()) next_large_ = 0;
    Large& large = *large_[next_large_];
    // If it cannot be sent, OnWritable or the end follows.
    if (large.left() > 0 && !SendFragment(large)) return;
    if (large.left() == 0) {
      FinishLarge(next_large_);
    } else {
      ++next_large_;
    }
  }
}

bool OutboundLink::SendFragment(Large& large) {
  PacketWriter packet = channel_.BeginPacket();
  if (!packet.status().ok()) return false;
  const bool is_first = large.sent == Large().sent;
  const size_t size =
      is_first ? large.first_size : std::min(kFragmentBytes, large.left());
  const size_t after = large.left() - size;
  const size_t id =
      after == 0 ? 1 : 1 + DistributionEncoder::FragmentCount(after);
  DistributionEncoder::WriteFragmentHeader(large.sequence, id, is_first,
                                           packet);
  const absl::string_view part(large.packet->begin() + large.sent, size);
  ++pump_->fragments_out;
  large.sent += size;
  return packet
      .CommitReferenced(part,
                        [pump = pump_, bytes = large.packet] {
                          --pump->fragments_out;
                          if (pump->link == nullptr) return;
                          pump->link->fragments_task_.Schedule();
                        })
      .ok();
}

void OutboundLink::FinishLarge(size_t index) {
  const std::unique_ptr<Large> large = std::move(large_[index]);
  large_.erase(large_.begin() + static_cast<std::ptrdiff_t>(index));
  large_bytes_ -= large->size;
  if (is_narrow_ && large_.empty()) WidenSocket();
  for (Waiting& next : large->behind) {
    // Most wait behind the next large one of their pair.
    Large* const holder = FindHolder(next.pair);
    if (holder != nullptr) {
      MoveTo(holder->behind, std::move(next));
    } else if (!waiting_.empty() || TrySendWaiting(next) == Outcome::kNoRoom) {
      MoveTo(waiting_, std::move(next));
    } else {
      Forget(next);
    }
  }
}

void OutboundLink::NarrowSocket() {
  is_narrow_ = true;
  const auto now = channel_.GetOptions({"sndbuf"});
  if (!now.ok() || now->front().value <= 2 * kNarrowSndbuf) return;
  if (!channel_.SetOptions({{"sndbuf", kNarrowSndbuf}}).ok()) return;
  wide_sndbuf_ = now->front().value / 2;
}

void OutboundLink::WidenSocket() {
  is_narrow_ = false;
  if (wide_sndbuf_ == 0) return;
  channel_.SetOptions({{"sndbuf", wide_sndbuf_}}).IgnoreError();
  wide_sndbuf_ = 0;
}

}  // namespace ringdist
