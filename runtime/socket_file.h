// SocketFile: a Unix socket that listens under a node's name, and the file that
// makes the name visible.
//
//   absl::StatusOr<NameLock> lock = NameLock::Acquire(directory, "cpp", ...);
//   absl::StatusOr<std::unique_ptr<SocketFile>> socket =
//       SocketFile::Listen(directory, "cpp", *lock, SocketFileOptions());
//
// What is done when something has that name already (PROTOCOL: seed items 8 to
// 10, and 30, without the seed's defects D1 to D4 and D6):
//
//   a socket whose owner listens, even with a full backlog    AlreadyExists
//   another user's socket that we may not connect to          PermissionDenied
//   a datagram socket, or of another type FailedPrecondition a socket that
//   refuses, for `probe_wait`                   taken over a file, a directory,
//   a symbolic link, anything else       FailedPrecondition
//
// Only a socket that refuses is ever removed. Somebody who has bound his and
// does not listen yet refuses too: that is what the wait is for; those of our
// own kind are kept out by the lock.
//
// Calls block, for some milliseconds as a rule. One thread at a time.

#ifndef RINGDIST_RUNTIME_SOCKET_FILE_H_
#define RINGDIST_RUNTIME_SOCKET_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_directory.h"

namespace ringdist {

struct SocketFileOptions {
  // Mode of the file, whatever the umask is: who may write may connect.
  uint32_t mode = 0600;
  // Connections that wait to be accepted. The system cuts it at
  // net.core.somaxconn.
  int backlog = 4096;
  // How long a socket has to refuse before it is taken for a dead node's.
  absl::Duration probe_wait = absl::Milliseconds(200);
  // How long to wait for the name's lock when the file is to be removed.
  absl::Duration lock_wait = absl::Seconds(5);
};

// What tells a file from another one of its name, as long as it exists.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const FileIdentity& other) const = default;
};

class SocketFile {
 public:
  // Takes the name and listens. `lock` is the lock of that name, and is only
  // asked for to make sure that it is held; keep it for what else belongs to
  // the start under this name. `directory` outlives the socket.
  // Errors are those above, InvalidArgument if the path is too long, and the
  // system's; with the real path.
  static absl::StatusOr<std::unique_ptr<SocketFile>> Listen(
      const SocketDirectory& directory, absl::string_view alive,
      const NameLock& lock, const SocketFileOptions& options);

  // Takes the lock, removes the file if it is still this socket's, and closes
  // the socket. Without the lock, after `lock_wait`, the file stays; the next
  // node of that name takes it over.
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // Listening, and blocking, as accepting through an engine wants it.
  int fd() const { return fd_.get(); }

 private:
  SocketFile(const SocketDirectory& directory, absl::string_view alive,
             FileDescriptor fd, FileIdentity identity, absl::Duration lock_wait)
      : directory_(directory),
        alive_(alive),
        fd_(std::move(fd)),
        identity_(identity),
        lock_wait_(lock_wait) {}

  const SocketDirectory& directory_;
  const std::string alive_;
  const FileDescriptor fd_;
  const FileIdentity identity_;
  const absl::Duration lock_wait_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SOCKET_FILE_H_
