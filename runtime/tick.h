// Tick: what to do about a connection every net_ticktime / intensity: nothing,
// send a tick because the peer would think us dead, or give it up because it
// has been silent for too long.
//
//   timer, every net_ticktime / intensity:
//     switch (tick.Check({.packets_in = ..., .packets_out = ...})) { ... }
//
// The rule is that of con_loop/2 and send_tick/4 in OTP's
// lib/kernel/src/dist_util.erl. With T the net_ticktime and I the intensity a
// silent peer is down after more than T - T/I and less than T + T/I: 45 to 75 s
// with the defaults.
//
// One thing is added: while we do not read, because the consumer holds its
// deliveries, the peer counts as heard. We cannot know better.
//
// Pure.

#ifndef RINGDIST_RUNTIME_TICK_H_
#define RINGDIST_RUNTIME_TICK_H_

#include <cstdint>

namespace ringdist {

class Tick {
 public:
  enum class Action {
    kNothing,
    kSendTick,  // Send an empty packet. Check has counted it as sent.
    kDown,      // net_tick_timeout.
  };

  // Of the connection, when the time has come.
  struct Seen {
    uint64_t packets_in = 0;   // Ticks and the handshake's packets included.
    uint64_t packets_out = 0;  // Ticks included.
    uint64_t pending_bytes = 0;
    bool peer_is_hidden = false;
    bool reading_is_paused = false;
  };

  explicit Tick(int intensity) : intensity_(intensity), heard_at_(intensity) {}

  // The connection is up: what came and went until now was the handshake, and
  // counts as heard now.
  void Start(uint64_t packets_in, uint64_t packets_out) {
    read_ = packets_in;
    written_ = packets_out;
  }

  Action Check(const Seen& seen) {
    const int now = count_ + 1;
    const bool heard = seen.packets_in != read_ || seen.reading_is_paused;
    if (!heard && heard_at_ == now) return Action::kDown;
    const bool silent_ourselves =
        seen.packets_out == written_ && seen.pending_bytes == 0;
    // A hidden peer that says nothing may not tick by itself; our tick makes
    // it answer with one.
    const bool send = silent_ourselves || (seen.peer_is_hidden && !heard);
    written_ = seen.packets_out + (send ? 1 : 0);
    if (heard) heard_at_ = now;
    read_ = seen.packets_in;
    count_ = now % intensity_;
    return send ? Action::kSendTick : Action::kNothing;
  }

 private:
  int intensity_;
  int count_ = 0;  // Checks so far, modulo the intensity.
  // At which count the peer was last heard. Counts run from 1 to the intensity,
  // and the count of the start is the last of a round: a peer that never sends
  // is down when that comes again.
  int heard_at_;
  uint64_t read_ = 0;
  uint64_t written_ = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_TICK_H_
