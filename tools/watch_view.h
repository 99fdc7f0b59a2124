// What `ringdist watch` shows: a picture of the nodes for a terminal, made of
// nothing but the state it is given.
//
//   WatchState state;
//   state.nodes.push_back({.name = "srv@localhost"});
//   for (const std::string& line : DrawWatch(state, 80, 24)) ...
//
//   ringdist watch: 1 of 2 nodes up, every 1s, for 1m 12s
//
//   NODE            ROUND TRIP  RUN Q  PROCESSES    MEMORY     I/O IN
//   srv@localhost     0.087 ms      0         47   25.3 MB   1.2 kB/s
//   cpp@localhost  down for 3s, again in 1s
//     connect /run/nodes/cpp: No such file or directory (ENOENT): no
//     node listens there
//
//   08:12:31 nodeup srv@localhost

#ifndef RINGDIST_TOOLS_WATCH_VIEW_H_
#define RINGDIST_TOOLS_WATCH_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ringdist {

// What was measured of a node in an interval.
struct WatchSample {
  absl::Duration round_trip;
  // Of the connection, per second.
  double packets_in = 0;
  double packets_out = 0;
  double bytes_in = 0;
  double bytes_out = 0;
  // What the node told when asked; one that is not Erlang's does not.
  std::optional<uint64_t> run_queue;  // Processes ready to run.
  std::optional<uint64_t> processes;
  std::optional<uint64_t> memory;  // In bytes.
  // What all its ports read and wrote per second.
  std::optional<double> io_in;
  std::optional<double> io_out;
};

struct WatchedNode {
  enum class State {
    kConnecting,  // For the first time.
    kUp,
    kDown,  // Or it could not be connected to.
  };

  std::string name;
  State state = State::kConnecting;
  absl::Duration in_state;            // How long it is in it.
  std::string reason;                 // kDown: why.
  absl::Duration dials_in;            // kDown: until it is tried again.
  std::optional<WatchSample> sample;  // kUp: the last one.
  absl::Duration silent;              // kUp: no answer for so long; or zero.
};

struct WatchState {
  absl::Duration interval;
  absl::Duration running;
  std::vector<WatchedNode> nodes;
  std::deque<std::string> events;  // The newest last.
};

// At most `height` lines, each of at most `width` columns: first the nodes,
// then as many events as there is room for. Where the width is too small for
// all columns of numbers the last of them are left out. Other texts that are
// too long are cut and end in ~.
std::vector<std::string> DrawWatch(const WatchState& state, size_t width,
                                   size_t height);

// "round trip 0.087 ms, run queue 0, 47 processes, memory 25.3 MB, ...": for a
// line.
std::string SampleText(const WatchSample& sample);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_WATCH_VIEW_H_
