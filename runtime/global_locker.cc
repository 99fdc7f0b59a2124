#include "ringdist/runtime/global_locker.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/global_messages.h"

namespace ringdist {
namespace {

// As OTP has them: how long to wait for somebody else to begin.
constexpr absl::Duration kFirstPause = absl::Milliseconds(200);
constexpr absl::Duration kPause = absl::Seconds(1);
constexpr absl::Duration kPausePerNode = absl::Milliseconds(100);
constexpr absl::Duration kMaxPause = absl::Seconds(3);

// The boss; this node, and the peer if we ask; all others.
constexpr int kStages = 3;

}  // namespace

GlobalLocker::GlobalLocker(Reactor& reactor, Process self, GlobalLocks& locks,
                           Callbacks callbacks)
    : reactor_(reactor),
      self_(self),
      self_node_(self.pid().node),
      locks_(locks),
      callbacks_(std::move(callbacks)),
      timer_(reactor, ReactorCallback::To<&GlobalLocker::OnTimer>(this)) {}

void GlobalLocker::Add(const std::string& node, Peer peer) {
  peers_[node] = std::move(peer);
  if (state_ == State::kIdle && !timer_.running()) BecomeIdle(UsualPause());
}

void GlobalLocker::End(const std::string& node, int64_t my_tag) {
  const auto peer = peers_.find(node);
  if (peer != peers_.end() && peer->second.my_tag == my_tag) {
    peers_.erase(peer);
    std::erase(waiting_, node);
  }
  if (node != node_ || my_tag != peer_.my_tag) return;
  switch (state_) {
    case State::kIdle:
    case State::kGivingUp:
      return;
    case State::kAsking:
    case State::kAnswering:
      return GiveUp();
    case State::kAsked:
      GiveBack();
      return BecomeIdle(UsualPause());
    case State::kLocked:
      GiveBack();
      return BecomeIdle(absl::ZeroDuration());
  }
}

void GlobalLocker::OnLockSet(const std::string& node, bool is_set) {
  const bool was_asked = state_ == State::kAsked && node == node_;
  if (was_asked && is_set) return OnBothLocked();
  if (was_asked) {
    GiveBack();
    return BecomeIdle(UsualPause());
  }
  if (!is_set || peers_.find(node) == peers_.end() || IsWaiting(node)) return;
  waiting_.push_back(node);
  if (state_ == State::kIdle) BecomeIdle(absl::ZeroDuration());
}

bool GlobalLocker::IsWaiting(const std::string& node) const {
  return std::find(waiting_.begin(), waiting_.end(), node) != waiting_.end();
}

// Turns.

void GlobalLocker::BecomeIdle(absl::Duration pause) {
  state_ = State::kIdle;
  if (peers_.empty()) return timer_.Stop();
  if (!waiting_.empty()) pause = absl::ZeroDuration();
  timer_.Start(reactor_.Now() + pause);
}

absl::Duration GlobalLocker::UsualPause() const {
  const size_t known = callbacks_.find_known().size();
  if (known == 0) return kFirstPause;
  return std::min(kPause + static_cast<int64_t>(known) * kPausePerNode,
                  kMaxPause);
}

void GlobalLocker::OnTimer() {
  if (waiting_.empty()) return AskSomebody();
  const std::string node = std::move(waiting_.front());
  waiting_.pop_front();
  Begin(State::kAnswering, node);
}

void GlobalLocker::AskSomebody() {
  const std::vector<std::string> known = callbacks_.find_known();
  // The next after the last one, so that all have their turn.
  auto next = peers_.upper_bound(node_);
  for (size_t left = peers_.size(); left > 0; --left, ++next) {
    if (next == peers_.end()) next = peers_.begin();
    // Its names came by another node: its session is about to end.
    if (std::count(known.begin(), known.end(), next->first) > 0) continue;
    if (locks_.Find(locks_.global()) != nullptr) break;
    return Begin(State::kAsking, next->first);
  }
  BecomeIdle(UsualPause());
}

void GlobalLocker::Begin(State how, const std::string& node) {
  state_ = how;
  node_ = node;
  peer_ = peers_.at(node);
  std::vector<Term> lockers = {MakeTerm(self_.pid()), MakeTerm(peer_.locker)};
  std::sort(lockers.begin(), lockers.end());
  requester_ = MakeTerm(lockers);
  stage_ = 0;
  // It would lock others in vain.
  if (!locks_.CanSet(locks_.global(), requester_)) return OnRefused();
  Continue();
}

// Locks.

void GlobalLocker::Continue() {
  while (asked_.empty()) {
    if (stage_ == kStages) return OnAllGranted();
    for (const std::string& node : NextNodes()) {
      if (!AskFor(node)) return OnRefused();
    }
  }
}

std::vector<std::string> GlobalLocker::NextNodes() {
  std::vector<std::string> nodes = callbacks_.find_known();
  switch (stage_++) {
    case 0:
      nodes.push_back(self_node_);
      return {*std::max_element(nodes.begin(), nodes.end())};
    case 1:
      if (state_ == State::kAnswering) return {self_node_};
      return {self_node_, node_};
    default:
      return nodes;
  }
}

bool GlobalLocker::AskFor(const std::string& node) {
  if (std::count(granted_.begin(), granted_.end(), node) > 0) return true;
  if (node != self_node_) {
    const Reference monitor = self_.Monitor(NameAt{kGlobalNameServer, node});
    asked_[monitor] = node;
    CallGlobal(self_, node, monitor, std::tuple(Atom("set_lock"), LockId()));
    return true;
  }
  granted_.push_back(node);
  return locks_.Set(locks_.global(), requester_, self_.pid()) !=
         GlobalLocks::Outcome::kRefused;
}

bool GlobalLocker::OnAnswer(const ReferenceView& reference, Answer answer) {
  const auto asked = asked_.find(Reference(reference));
  if (asked == asked_.end()) return false;
  if (answer == Answer::kGranted) granted_.push_back(asked->second);
  asked_.erase(asked);
  self_.Demonitor(reference);
  if (state_ == State::kGivingUp) {
    GiveUp();
  } else if (answer == Answer::kRefused) {
    OnRefused();
  } else {
    Continue();
  }
  return true;
}

void GlobalLocker::OnRefused() {
  if (state_ == State::kAnswering) TellPeer(false);
  GiveUp();
}

void GlobalLocker::OnAllGranted() {
  const bool has_peers = state_ == State::kAnswering || IsWaiting(node_);
  state_ = State::kAsked;
  TellPeer(true);
  if (has_peers) OnBothLocked();
}

void GlobalLocker::OnBothLocked() {
  std::erase(waiting_, node_);
  state_ = State::kLocked;
  callbacks_.on_locked(node_, LockId());
}

void GlobalLocker::TellPeer(bool is_set) {
  const auto tell = [&](const auto& message) {
    CastGlobal(self_, node_, message);
  };
  if (!callbacks_.is_connected(node_)) return;
  if (peer_.version < kConfirmedSessionsVersion) {
    return tell(std::tuple(Atom("lock_set"), self_.pid(), is_set, Nil()));
  }
  tell(std::tuple(Atom("lock_set"), self_.pid(), is_set, Nil(), peer_.his_tag));
}

void GlobalLocker::GiveUp() {
  GiveBack();
  state_ = State::kGivingUp;
  if (asked_.empty()) BecomeIdle(UsualPause());
}

void GlobalLocker::GiveBack() {
  // The boss last.
  std::sort(granted_.begin(), granted_.end());
  for (const std::string& node : std::exchange(granted_, {})) {
    if (node == self_node_) {
      locks_.Delete(locks_.global(), requester_, self_.pid());
    } else if (callbacks_.is_connected(node)) {
      CallGlobal(self_, node, Atom("del_lock"),
                 std::tuple(Atom("del_lock"), LockId()));
    }
  }
}

Term GlobalLocker::LockId() const {
  return MakeTerm(std::tuple(locks_.global(), requester_));
}

}  // namespace ringdist
