#include "ringdist/runtime/connection_table.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {

bool ConnectionTable::StartOutgoing(const NodeName& peer, uint64_t id) {
  if (peer == own_name_ || peers_.contains(peer)) return false;
  Begin(peer, id);
  return true;
}

void ConnectionTable::Begin(const NodeName& peer, uint64_t id) {
  Remember(peer, id);
  peers_[peer] = {State::kPending, id, 0};
}

void ConnectionTable::Remember(const NodeName& peer, uint64_t id) {
  const bool is_new = peer_of_.emplace(id, peer).second;
  RINGDIST_CHECK(is_new);
}

ConnectionTable::InboundAnswer ConnectionTable::Inbound(const NodeName& peer,
                                                        uint64_t id) {
  // A node that calls itself as this one does is told no; OTP cannot make a
  // connection to itself either.
  if (peer == own_name_) return {ConnectionDecision::kNok, std::nullopt};
  const auto at = peers_.find(peer);
  if (at == peers_.end()) {
    Begin(peer, id);
    return {ConnectionDecision::kOk, std::nullopt};
  }
  Entry& entry = at->second;
  switch (entry.state) {
    case State::kPending: {
      if (own_name_ > peer) return {ConnectionDecision::kNok, std::nullopt};
      Remember(peer, id);
      const uint64_t loser = std::exchange(entry.connection, id);
      peer_of_.erase(loser);
      return {ConnectionDecision::kOkSimultaneous, loser};
    }
    case State::kUp:
      Remember(peer, id);
      entry.state = State::kUpPending;
      entry.successor = id;
      return {ConnectionDecision::kAlive, std::nullopt};
    case State::kUpPending:
      return {ConnectionDecision::kRefuse, std::nullopt};
    case State::kNone:
      break;  // Not in the table.
  }
  CheckFailed(__FILE__, __LINE__, "a state of an entry", "kNone");
}

absl::StatusOr<std::optional<uint64_t>> ConnectionTable::Up(uint64_t id) {
  const auto at = Find(id);
  if (at != peers_.end()) {
    Entry& entry = at->second;
    if (entry.state == State::kPending) {
      entry.state = State::kUp;
      return std::nullopt;
    }
    if (entry.state == State::kUpPending && entry.successor == id) {
      const uint64_t old = entry.connection;
      peer_of_.erase(old);
      entry = {State::kUp, id, 0};
      return old;
    }
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "connection ", id, " is no handshake under way; another took its place"));
}

void ConnectionTable::Gone(uint64_t id) {
  const auto at = Find(id);
  if (at == peers_.end()) return;
  peer_of_.erase(id);
  Entry& entry = at->second;
  if (entry.state != State::kUpPending) {
    peers_.erase(at);
  } else if (entry.successor == id) {
    entry = {State::kUp, entry.connection, 0};
  } else {
    entry = {State::kPending, entry.successor, 0};
  }
}

bool ConnectionTable::IsStillPending(uint64_t id) const {
  const auto peer = peer_of_.find(id);
  return peer != peer_of_.end() && StateOf(peer->second) == State::kPending;
}

ConnectionTable::State ConnectionTable::StateOf(const NodeName& peer) const {
  const auto at = peers_.find(peer);
  return at == peers_.end() ? State::kNone : at->second.state;
}

ConnectionTable::Peers::iterator ConnectionTable::Find(uint64_t id) {
  const auto peer = peer_of_.find(id);
  return peer == peer_of_.end() ? peers_.end() : peers_.find(peer->second);
}

}  // namespace ringdist
