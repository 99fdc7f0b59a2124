// GlobalLocker: has this node and a peer lock all nodes that either of them
// knows, so that nobody changes names while the two put theirs together (OTP:
// global.erl, the_locker). Internal to //runtime:node.
//
//   locker.Add("srv@localhost", {.my_tag = tag, ...});
//   ... on_locked("srv@localhost", lock_id) ...     // Both have it.
//   locker.End("srv@localhost", tag);               // Done: it is given back.
//
// Each side locks its own part, in the name of both, and tells the other
// whether it could. Either may begin. One peer has its turn at a time. Who is
// refused, as a part is locked by somebody else, tries again after a while.
//
// The node that is the greatest of a part by name, its boss, is locked first
// and given free last: so those who are too late are refused at once.

#ifndef RINGDIST_RUNTIME_GLOBAL_LOCKER_H_
#define RINGDIST_RUNTIME_GLOBAL_LOCKER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/runtime/global_locks.h"
#include "ringdist/runtime/process.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class GlobalLocker {
 public:
  // The other side of a session (global_name_server.h).
  struct Peer {
    int64_t my_tag = 0;
    Term his_tag;
    int64_t version = 0;
    Pid locker;
  };
  struct Callbacks {
    // The nodes of this node's part, itself excluded.
    std::function<std::vector<std::string>()> find_known;
    std::function<bool(const std::string& node)> is_connected;
    // Both parts are locked in this name: {global, Requester}.
    std::function<void(const std::string& node, const Term& lock_id)> on_locked;
  };
  // What becomes of a request for a lock.
  enum class Answer { kGranted, kRefused, kGone };

  // `self` asks for locks. `reactor` and `locks` outlive it.
  GlobalLocker(Reactor& reactor, Process self, GlobalLocks& locks,
               Callbacks callbacks);

  // A session has begun; it has ended, or its names have been put together:
  // locks that it has are given back. Another session of the same peer has
  // another tag.
  void Add(const std::string& node, Peer peer);
  void End(const std::string& node, int64_t my_tag);
  // The peer tells whether it has locked its part.
  void OnLockSet(const std::string& node, bool is_set);
  // A node that was asked for a lock answers, or has gone: by the reference of
  // its monitor. False: that is not one of these.
  bool OnAnswer(const ReferenceView& reference, Answer answer);

 private:
  enum class State {
    kIdle,       // Until a peer asks, or the timer has it ask one.
    kAsking,     // Locks its own part, to then ask the peer.
    kAnswering,  // Locks its own part, as the peer has asked.
    kGivingUp,   // Gives back what it is still being given.
    kAsked,      // Its own part is locked; waits for the peer's.
    kLocked,     // Both are, until the session ends.
  };

  bool IsWaiting(const std::string& node) const;
  void BecomeIdle(absl::Duration pause);
  absl::Duration UsualPause() const;
  void OnTimer();
  void AskSomebody();
  void Begin(State how, const std::string& node);
  // Asks the next nodes, when all of those before have answered.
  void Continue();
  std::vector<std::string> NextNodes();
  // False: it is this node, and refuses.
  bool AskFor(const std::string& node);
  void OnRefused();
  void OnAllGranted();
  void OnBothLocked();
  void TellPeer(bool is_set);
  void GiveUp();
  void GiveBack();
  Term LockId() const;

  Reactor& reactor_;
  Process self_;
  const std::string self_node_;
  GlobalLocks& locks_;
  const Callbacks callbacks_;
  // Those whose names are to be put together with ours.
  std::map<std::string, Peer> peers_;
  // Peers that have asked and wait for their turn.
  std::deque<std::string> waiting_;
  Timer timer_;

  State state_ = State::kIdle;
  // Whose turn it is, or was last.
  std::string node_;
  Peer peer_;
  Term requester_;
  int stage_ = 0;
  // Who was asked by which monitor, and who has given the lock.
  absl::flat_hash_map<Reference, std::string> asked_;
  std::vector<std::string> granted_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GLOBAL_LOCKER_H_
