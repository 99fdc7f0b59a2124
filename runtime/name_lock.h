// NameLock: who holds it decides about one alive name in a directory. Nodes of
// this kind take it while they look who has the name, take it over, begin to
// listen, and give it back. A real Erlang node does not know it.
//
//   absl::StatusOr<NameLock> lock =
//       NameLock::Acquire(directory, "cpp", absl::Seconds(5));
//   if (!lock.ok()) return lock.status();
//
// It is an exclusive flock(2) on the file <alive>.lock, which is made if it is
// missing and never deleted: who deleted it could lock another file than the
// next one does. The system unlocks it when the process ends, however it ends.

#ifndef RINGDIST_RUNTIME_NAME_LOCK_H_
#define RINGDIST_RUNTIME_NAME_LOCK_H_

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/socket_directory.h"

namespace ringdist {

class NameLock {
 public:
  // Blocks until it has the lock, at most about `max_wait`: Unavailable then.
  // Other errors are the system's, with the real path; FailedPrecondition if
  // something else than a plain file is in the way.
  static absl::StatusOr<NameLock> Acquire(const SocketDirectory& directory,
                                          absl::string_view alive,
                                          absl::Duration max_wait);
  NameLock(NameLock&& other) = default;
  NameLock& operator=(NameLock&& other) = delete;
  ~NameLock();

 private:
  explicit NameLock(FileDescriptor fd) : fd_(std::move(fd)) {}

  FileDescriptor fd_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_NAME_LOCK_H_
