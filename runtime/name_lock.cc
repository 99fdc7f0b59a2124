#include "ringdist/runtime/name_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(1);

absl::Status OpenError(const std::string& path, int error) {
  switch (error) {
    case ELOOP:
      return absl::FailedPreconditionError(absl::StrCat(
          "open ", path,
          ": it is a symbolic link, and must be a plain file; remove it"));
    case EACCES:
      return SystemError("open", path, error,
                         "the directory is not ours to write to, or another "
                         "user has had that name here; choose another --name "
                         "or another directory");
    default:
      return SystemError("open", path, error);
  }
}

}  // namespace

absl::StatusOr<NameLock> NameLock::Acquire(const SocketDirectory& directory,
                                           absl::string_view alive,
                                           absl::Duration max_wait) {
  const std::string name = absl::StrCat(alive, ".lock");
  const std::string path = directory.RealPathOf(name);
  // O_NONBLOCK: a FIFO in the way does not hold us up.
  FileDescriptor fd(
      openat(directory.fd(), name.c_str(),
             O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd.valid()) return OpenError(path, errno);
  struct stat found;
  if (fstat(fd.get(), &found) != 0) return SystemError("fstat", path, errno);
  if (!S_ISREG(found.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "lock ", path, ": it is not a plain file; remove what is there"));
  }
  for (absl::Duration waited; flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
       waited += kPause) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return SystemError("flock", path, errno);
    }
    if (waited >= max_wait) {
      return absl::UnavailableError(absl::StrCat(
          "lock ", path, ": another process has held it for ",
          absl::FormatDuration(max_wait),
          ", so it hangs while it starts or ends under this name; end it "
          "(fuser tells which one it is), or choose another --name"));
    }
    absl::SleepFor(kPause);
  }
  return NameLock(std::move(fd));
}

NameLock::~NameLock() {
  // Not only by closing: a child that was forked meanwhile would still hold it.
  if (fd_.valid()) flock(fd_.get(), LOCK_UN);
}

}  // namespace ringdist
