// The sockets between what only moves framed bytes: the server's is at
// kServerAlive in the run's directory, where a node's would be.

#ifndef RINGDIST_BENCH_LOAD_BARE_SOCKET_H_
#define RINGDIST_BENCH_LOAD_BARE_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

// Errors are the system's, with the path.
absl::StatusOr<FileDescriptor> ListenBare(const std::string& directory);
// To the server, or to a node of another name. Waits while its backlog is full.
absl::StatusOr<FileDescriptor> ConnectBare(
    const std::string& directory, absl::string_view alive = kServerAlive);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_BARE_SOCKET_H_
