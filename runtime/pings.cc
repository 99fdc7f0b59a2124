#include "ringdist/runtime/pings.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {

// One question and its answer. Its number is the id of the pid that asks and
// the first word of the reference that tags the answer.
struct Pings::Ping {
  Ping(Pings& pings, Reactor& reactor, uint32_t its_number)
      : owner(pings),
        number(its_number),
        timer(reactor, ReactorCallback::To<&Ping::OnTimer>(this)) {}

  void OnTimer() { owner.OnTimer(*this); }

  Pings& owner;
  const uint32_t number;
  NodeName peer;
  absl::Duration timeout;
  Callback done;
  // How far it is.
  enum class State {
    kConnecting,  // The question waits for the connection.
    kAsked,       // The question is out.
    kFinished,    // `outcome` is told when the timer runs: at once.
  } state = State::kConnecting;
  absl::Time asked_at;
  absl::StatusOr<absl::Duration> outcome = absl::ZeroDuration();
  Timer timer;
};

Pings::Pings(Reactor& reactor) : reactor_(reactor) {}

Pings::~Pings() = default;

void Pings::Start(const OwnName& own, const NodeName& peer, Channel channel,
                  absl::Duration timeout, Callback done) {
  const uint32_t number = ++last_number_;
  std::unique_ptr<Ping>& ping = pings_[number];
  ping = std::make_unique<Ping>(*this, reactor_, number);
  ping->peer = peer;
  ping->timeout = timeout;
  ping->done = std::move(done);
  ping->timer.Start(reactor_.Now() + timeout);
  if (channel.IsUp()) Ask(*ping, own, channel);
}

void Pings::Fail(const NodeName& peer, const absl::Status& reason,
                 Callback done) {
  Start(OwnName(), peer, Channel(), absl::InfiniteDuration(), std::move(done));
  Finish(*pings_[last_number_], reason);
}

void Pings::Ask(Ping& ping, const OwnName& own, Channel& channel) {
  Pid from(own.name.full(), ping.number, 0, own.creation);
  Reference reference;
  reference.node = own.name.full();
  reference.creation = own.creation;
  reference.word_count = 3;
  reference.words[0] = ping.number;

  StringWriter request;
  TermWriter term(request);
  term.WriteTupleHeader(3);
  term.WriteAtom("$gen_call");
  term.WriteTupleHeader(2);
  term.WritePid(from);
  term.WriteReference(reference);
  term.WriteTupleHeader(2);
  term.WriteAtom("is_auth");
  term.WriteAtom(own.name.full());

  PacketWriter packet = channel.BeginPacket();
  EncodePassThrough(
      control::RegSend{.from = from,
                       .to = AtomView::Utf8("net_kernel"),
                       .token = {},
                       .message = TermView::Trusted(request.view(), {})},
      packet);
  absl::Status sent = packet.Commit();
  if (!sent.ok()) return Finish(ping, std::move(sent));
  ping.state = Ping::State::kAsked;
  ping.asked_at = reactor_.engine().Now();
}

void Pings::OnUp(const OwnName& own, const NodeName& peer, Channel& channel) {
  for (auto& [number, ping] : pings_) {
    if (ping->peer == peer && ping->state == Ping::State::kConnecting) {
      Ask(*ping, own, channel);
    }
  }
}

void Pings::OnLost(const NodeName& peer, const absl::Status& reason) {
  for (auto& [number, ping] : pings_) {
    if (ping->peer == peer && ping->state != Ping::State::kFinished) {
      Finish(*ping, reason);
    }
  }
}

bool Pings::OnMessage(const PidView& to, const TermView& message) {
  const auto found = pings_.find(to.id);
  if (found == pings_.end() || !message.IsTuple(2)) return false;
  TermElements elements = message.elements();
  TermView tag;
  TermView answer;
  elements.Next(tag);
  elements.Next(answer);
  const std::optional<ReferenceView> reference = tag.AsReference();
  Ping& ping = *found->second;
  if (!reference.has_value() || reference->words[0] != ping.number ||
      ping.state != Ping::State::kAsked) {
    return false;
  }
  if (answer.IsAtom("yes")) {
    Finish(ping, reactor_.engine().Now() - ping.asked_at);
  } else {
    Finish(ping, absl::PermissionDeniedError(absl::StrCat(
                     ping.peer.full(), " does not know this node")));
  }
  return true;
}

void Pings::Finish(Ping& ping, absl::StatusOr<absl::Duration> outcome) {
  ping.state = Ping::State::kFinished;
  ping.outcome = std::move(outcome);
  ping.timer.Start(reactor_.Now());
}

void Pings::OnTimer(Ping& ping) {
  if (ping.state != Ping::State::kFinished) {
    ping.outcome = absl::DeadlineExceededError(absl::StrCat(
        ping.peer.full(),
        ping.state == Ping::State::kAsked ? " did not answer"
                                          : " could not be connected",
        " within ", absl::FormatDuration(ping.timeout)));
  }
  Callback done = std::move(ping.done);
  const absl::StatusOr<absl::Duration> outcome = std::move(ping.outcome);
  pings_.erase(ping.number);
  done(outcome);
}

}  // namespace ringdist
