// LoadPlan: what a client does for a workload.

#ifndef RINGDIST_BENCH_LOAD_LOAD_PLAN_H_
#define RINGDIST_BENCH_LOAD_LOAD_PLAN_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"

namespace ringdist {

struct LoadPlan {
  // Sends data that nobody answers, as much as the connections take. Unless
  // there are asks beside it, it is the server who counts.
  bool floods = false;
  // Sends messages that are answered.
  std::optional<MessageType> asks;
  // So many of them at once per connection.
  size_t window = 1;
  // Connects, and disconnects when that is done, instead of asking.
  bool connects = false;
  // Has the server send data.
  bool receives = false;
  // Opens one connection, to be told of the server's memory, before the others.
  bool idles = false;

  bool server_counts() const { return floods && !asks.has_value(); }
};

LoadPlan MakeLoadPlan(const LoadSpec& spec);
// The sizes of what floods.
std::vector<PayloadShare> FloodPayload(const LoadSpec& spec);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_PLAN_H_
