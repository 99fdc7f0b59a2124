// What a simulated engine and its network share about an operation, from Arm…
// to its last completion.

#ifndef RINGDIST_TESTS_SIMULATION_SIMULATED_OPERATION_H_
#define RINGDIST_TESTS_SIMULATION_SIMULATED_OPERATION_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/io_engine.h"

namespace ringdist {

struct SimulatedCompletion;
using SimulatedCompletionQueue = std::deque<SimulatedCompletion>;

struct SimulatedOperation {
  enum class Kind { kAccept, kConnect, kReceive, kReceiveInto, kSend };
  enum class State {
    kArmed,      // Not handed over yet: the next turn does that.
    kWaiting,    // Nothing can be done until its socket changes.
    kScheduled,  // An event will try it.
    kEnded,      // Its last completion is in the queue, or has run.
  };

  Kind kind;
  Operation* operation;             // The owner's.
  SimulatedCompletionQueue* queue;  // Of its engine.
  int process;                      // Its engine's number in the network.
  int fd;
  State state = State::kArmed;

  // kConnect
  const sockaddr* address = nullptr;
  socklen_t address_size = 0;
  std::string address_when_armed;
  // kReceive
  size_t limit = 0;
  size_t received = 0;
  // kReceiveInto
  absl::Span<char> memory;
  // kSend
  absl::Span<const iovec> slices;
  size_t digest_when_armed = 0;  // Of the slices and of what they name.
};

struct SimulatedCompletion {
  std::shared_ptr<SimulatedOperation> operation;
  int result;
  bool more;
  std::unique_ptr<char[]> data;  // kReceive: `result` bytes.
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SIMULATED_OPERATION_H_
