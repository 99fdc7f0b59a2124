// The servers of a load that are C++: everything but BEAMs.

#ifndef RINGDIST_BENCH_LOAD_SERVERS_H_
#define RINGDIST_BENCH_LOAD_SERVERS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "ringdist/bench/load/load_spec.h"

namespace ringdist {

// Runs spec.server in this thread until the process ends; `on_ready` is told
// when it takes connections. Returns only why it cannot, or can no more.
absl::Status Serve(const LoadSpec& spec, const std::function<void()>& on_ready);

// Runs a node of ours that serves at node level, under this name, in
// spec.directory with spec.cookie, for clients of other processes: as the
// target of theirs. OK after SIGINT or SIGTERM, whose handling it takes over:
// call it before any other thread is started.
absl::Status ServeUntilStopped(const LoadSpec& spec, const std::string& name,
                               const std::function<void()>& on_ready);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_SERVERS_H_
