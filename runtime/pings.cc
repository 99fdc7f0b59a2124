#include "ringdist/runtime/pings.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {

// One question and its answer.
struct Pings::Ping {
  Ping(Pings& pings, Reactor& reactor, uint64_t its_number)
      : owner(pings),
        number(its_number),
        timer(reactor, ReactorCallback::To<&Ping::OnTimer>(this)) {}

  void OnTimer() { owner.OnTimer(*this); }

  Pings& owner;
  const uint64_t number;
  NodeName peer;
  absl::Duration timeout;
  Callback done;
  // How far it is.
  enum class State {
    kConnecting,  // The question waits for the connection.
    kAsked,       // The question is out.
    kFinished,    // `outcome` is told when the timer runs: at once.
  } state = State::kConnecting;
  Process asker;  // Since it is asked.
  absl::Time asked_at;
  absl::StatusOr<absl::Duration> outcome = absl::ZeroDuration();
  Timer timer;
};

Pings::Pings(Reactor& reactor, ProcessTable& processes)
    : reactor_(reactor), processes_(processes) {}

Pings::~Pings() = default;

void Pings::Start(const NodeName& peer, bool is_up, absl::Duration timeout,
                  Callback done) {
  const uint64_t number = ++last_number_;
  std::unique_ptr<Ping>& ping = pings_[number];
  ping = std::make_unique<Ping>(*this, reactor_, number);
  ping->peer = peer;
  ping->timeout = timeout;
  ping->done = std::move(done);
  ping->timer.Start(reactor_.Now() + timeout);
  if (is_up) Ask(*ping);
}

void Pings::Fail(const NodeName& peer, const absl::Status& reason,
                 Callback done) {
  Start(peer, /*is_up=*/false, absl::InfiniteDuration(), std::move(done));
  Finish(*pings_[last_number_], reason);
}

void Pings::Ask(Ping& ping) {
  const uint64_t number = ping.number;
  const Pid pid = processes_.Spawn(
      [this, number](Process&, const TermView& answer) {
        OnAnswer(number, answer);
      },
      {});
  ping.asker = processes_.HandleOf(pid);
  const absl::Status sent = ping.asker.Send(
      NameAt{"net_kernel", ping.peer.full()},
      std::tuple(Atom("$gen_call"), std::tuple(pid, processes_.NewReference()),
                 std::tuple(Atom("is_auth"), Atom(processes_.self()))));
  if (!sent.ok()) return Finish(ping, sent);
  ping.state = Ping::State::kAsked;
  ping.asked_at = reactor_.engine().Now();
}

void Pings::OnUp(const NodeName& peer) {
  for (auto& [number, ping] : pings_) {
    if (ping->peer == peer && ping->state == Ping::State::kConnecting) {
      Ask(*ping);
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

void Pings::OnAnswer(uint64_t number, const TermView& answer) {
  const auto found = pings_.find(number);
  if (found == pings_.end() || found->second->state != Ping::State::kAsked) {
    return;
  }
  Ping& ping = *found->second;
  if (Matches(answer, std::tuple(Any(), Atom("yes")))) {
    return Finish(ping, reactor_.engine().Now() - ping.asked_at);
  }
  Finish(ping, absl::PermissionDeniedError(
                   absl::StrCat(ping.peer.full(), " does not know this node")));
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
  ping.asker.Exit(MakeTerm(Atom("normal")));
  pings_.erase(ping.number);
  done(outcome);
}

}  // namespace ringdist
