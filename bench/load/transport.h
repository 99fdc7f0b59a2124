// Transports: how the messages of a load get from a LoadClient to a LoadServer.
// Each is a class template over who uses it, so that a message costs no virtual
// call, and has for each kind of peer the same members:
//
//   template <typename User, typename State> class Transport {
//     Transport(const LoadSpec& spec, User& user);
//
//     struct Connection { State state; ... };   // State is the user's
//
//     absl::Status Listen();                    // of a server
//     absl::Status Prepare();                   // of a client: makes its
//     Connection& At(size_t index);             // spec.connections
//     void Dial(Connection&);                   // OnUp or OnDown follows,
//     void HangUp(Connection&);                 // OnDown follows, both maybe
//                                               // within this call
//     // Takes a message for the next Turn. False: there is no room, or no
//     // connection; OnWritable, or OnUp, tells when there is again.
//     bool Send(Connection&, MessageType, uint64_t number,
//               absl::string_view payload, PayloadLife);
//
//     // Sends what was taken, waits until something happens, and tells it.
//     absl::Status Turn(absl::Duration max_wait);
//     int64_t Now();                            // nanoseconds
//     EngineCounts counts();                    // since it was made
//   };
//
// The user is told, in Turn:
//
//   void OnUp(Connection&);
//   void OnDown(Connection&, const absl::Status& reason);
//   void OnWritable(Connection&);
//   bool TakeData(Connection&, uint64_t number, absl::string_view payload);
//                                             // the usual data message; false:
//                                             // it is OnMessage's
//   void OnMessage(Connection&, MessageType, uint64_t number,
//                  absl::string_view payload);
//   void OnPart(Connection&, uint64_t number, size_t bytes, size_t offset,
//               absl::string_view part);        // a large data message, piece
//                                               // by piece
//
// A payload is valid until these return. A Connection stays where it is until
// OnDown has returned, a client's as long as the transport.

#ifndef RINGDIST_BENCH_LOAD_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_TRANSPORT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/load_spec.h"

namespace ringdist {

// How long the bytes of a payload stay as they are.
enum class PayloadLife {
  kThisCall,
  kForever,  // As long as the transport lives; kPayloadSlack bytes behind it
             // may be read, too.
};

inline constexpr size_t kPayloadSlack = 16;

// Copies a payload that lives for ever, and some of what is behind it: for a
// short one less than a call of memcpy costs. There must be room for as much.
inline void CopyLoosely(absl::string_view payload, char* to) {
  for (size_t i = 0; i < payload.size(); i += kPayloadSlack) {
    std::memcpy(to + i, payload.data() + i, kPayloadSlack);
  }
}

struct EngineCounts {
  uint64_t enters = 0;       // Calls of the kernel to move bytes, or to wait.
  uint64_t completions = 0;  // Of io_uring.
};

// Who has this name is the server; also the file of its socket.
inline constexpr char kServerAlive[] = "dist_load";
inline constexpr char kServerNode[] = "dist_load@localhost";
// The process that messages of node level go to.
inline constexpr char kServerProcess[] = "dist_load";

inline int64_t MonotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// What may wait to be sent on one connection before more is refused: so that
// the next block fills while one is sent, and many connections stay small.
inline size_t SendQueueBytes(const LoadSpec& spec) {
  constexpr size_t kMost = size_t{1024} * 1024;
  constexpr size_t kLeast = size_t{64} * 1024;
  constexpr size_t kAll = size_t{64} * 1024 * 1024;
  return std::clamp(kAll / static_cast<size_t>(spec.connections), kLeast,
                    kMost);
}

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_TRANSPORT_H_
