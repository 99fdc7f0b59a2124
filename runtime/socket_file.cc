#include "ringdist/runtime/socket_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/name_lock.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(1);

// So often a name that became free is lost to somebody else again, who takes no
// lock, until we give up.
constexpr int kMaxAttempts = 20;

absl::string_view KindOf(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "a regular file";
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a FIFO";
    default:
      return "a device";
  }
}

// What has a name in the file system at the moment.
struct Occupant {
  bool exists = false;
  FileIdentity identity;
  mode_t mode = 0;
  uid_t owner = 0;
};

absl::StatusOr<Occupant> Look(const SocketDirectory& directory,
                              const std::string& alive) {
  struct stat found;
  if (fstatat(directory.fd(), alive.c_str(), &found, AT_SYMLINK_NOFOLLOW) !=
      0) {
    if (errno == ENOENT) return Occupant();
    return SystemError("stat", directory.RealPathOf(alive), errno);
  }
  return Occupant{
      true, {found.st_dev, found.st_ino}, found.st_mode, found.st_uid};
}

// Takes one name: makes room for it and binds a socket to it.
class NameTaker {
 public:
  NameTaker(const SocketDirectory& directory, absl::string_view alive,
            const UnixAddress& address, const SocketFileOptions& options)
      : directory_(directory),
        alive_(alive),
        path_(directory.RealPathOf(alive)),
        address_(address),
        options_(options) {}

  // Binds, listens, and tells which file that made.
  absl::StatusOr<FileIdentity> BindAndListen(int fd);

 private:
  absl::Status Bind(int fd);
  absl::StatusOr<FileIdentity> Publish(int fd);
  // The name is in use. OK if it no longer is, so that Bind may try again.
  absl::Status MakeRoom();
  // What an attempt to connect says: 0 or an errno.
  int Probe() const;
  // Why a socket that did not refuse keeps its name.
  absl::Status Live(int error, const Occupant& occupant) const;
  absl::Status Remove() const;

  const SocketDirectory& directory_;
  const std::string alive_;
  const std::string path_;
  const UnixAddress& address_;
  const SocketFileOptions& options_;
};

absl::StatusOr<FileIdentity> NameTaker::BindAndListen(int fd) {
  // The file gets this mode less the umask: nobody is let in too early.
  if (fchmod(fd, options_.mode) != 0) {
    return SystemError("fchmod", path_, errno);
  }
  absl::Status bound = Bind(fd);
  if (!bound.ok()) return bound;
  absl::StatusOr<FileIdentity> made = Publish(fd);
  if (!made.ok()) Remove().IgnoreError();
  return made;
}

absl::StatusOr<FileIdentity> NameTaker::Publish(int fd) {
  if (listen(fd, options_.backlog) != 0) {
    return SystemError("listen", path_, errno);
  }
  const absl::StatusOr<Occupant> made = Look(directory_, alive_);
  if (!made.ok()) return made.status();
  if (!made->exists) {
    return absl::UnavailableError(absl::StrCat(
        "bind ", path_, ": somebody removed the socket at once; find out who"));
  }
  // What the umask took away from the mode.
  if ((made->mode & ALLPERMS) != options_.mode &&
      fchmodat(directory_.fd(), alive_.c_str(), options_.mode,
               AT_SYMLINK_NOFOLLOW) != 0) {
    return SystemError("chmod", path_, errno);
  }
  return made->identity;
}

absl::Status NameTaker::Bind(int fd) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (bind(fd, address_.get(), address_.size) == 0) return absl::OkStatus();
    switch (errno) {
      case EADDRINUSE:
        break;
      case EACCES:
      case EPERM:
      case EROFS:
        return SystemError("bind", path_, errno,
                           "no socket can be made there; choose another "
                           "directory, or let this user write to it");
      default:
        return SystemError("bind", path_, errno);
    }
    absl::Status free = MakeRoom();
    if (!free.ok()) return free;
  }
  return absl::UnavailableError(absl::StrCat(
      "bind ", path_, ": the name became free ", kMaxAttempts,
      " times, and each time somebody else took it; find out who, or choose "
      "another --name"));
}

absl::Status NameTaker::MakeRoom() {
  const absl::StatusOr<Occupant> first = Look(directory_, alive_);
  if (!first.ok()) return first.status();
  if (!first->exists) return absl::OkStatus();
  if (!S_ISSOCK(first->mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("bind ", path_, ": ", KindOf(first->mode),
                     " has that name; move it away, or choose another --name"));
  }
  for (absl::Duration waited;; waited += kPause) {
    const int error = Probe();
    if (error == ENOENT) return absl::OkStatus();
    if (error != ECONNREFUSED) return Live(error, *first);
    const absl::StatusOr<Occupant> now = Look(directory_, alive_);
    if (!now.ok()) return now.status();
    if (!now->exists || now->identity != first->identity) {
      return absl::OkStatus();
    }
    if (waited >= options_.probe_wait) return Remove();
    absl::SleepFor(kPause);
  }
}

int NameTaker::Probe() const {
  FileDescriptor fd(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  return connect(fd.get(), address_.get(), address_.size) == 0 ? 0 : errno;
}

absl::Status NameTaker::Live(int error, const Occupant& occupant) const {
  switch (error) {
    case 0:
    case EAGAIN:  // Somebody listens and has a full backlog.
      return absl::AlreadyExistsError(
          absl::StrCat("bind ", path_,
                       ": name in use by a live node; choose another --name"));
    case EACCES:
      return SystemError(
          "connect", path_, error,
          absl::StrCat("the name belongs to the user with uid ", occupant.owner,
                       "; choose another --name"));
    case EPROTOTYPE:
      return absl::FailedPreconditionError(absl::StrCat(
          "bind ", path_,
          ": a socket of another type, so not a node's, has that name; end "
          "what it belongs to, or choose another --name"));
    default:
      return SystemError("connect", path_, error,
                         "to find out whether a live node has that name");
  }
}

absl::Status NameTaker::Remove() const {
  if (unlinkat(directory_.fd(), alive_.c_str(), 0) == 0 || errno == ENOENT) {
    return absl::OkStatus();
  }
  return SystemError("unlink", path_, errno,
                     "it is the socket of a node that is gone; remove it, or "
                     "choose another --name");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SocketFile>> SocketFile::Listen(
    const SocketDirectory& directory, absl::string_view alive,
    const NameLock& /*lock*/, const SocketFileOptions& options) {
  const absl::StatusOr<UnixAddress> address = directory.AddressOf(alive);
  if (!address.ok()) return address.status();
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return SystemError("socket", directory.RealPathOf(alive), errno);
  }
  NameTaker taker(directory, alive, *address, options);
  const absl::StatusOr<FileIdentity> made = taker.BindAndListen(fd.get());
  if (!made.ok()) return made.status();
  return std::unique_ptr<SocketFile>(new SocketFile(
      directory, alive, std::move(fd), *made, options.lock_wait));
}

SocketFile::~SocketFile() {
  const absl::StatusOr<NameLock> lock =
      NameLock::Acquire(directory_, alive_, lock_wait_);
  if (!lock.ok()) return;
  // As long as fd_ is open no other file gets this one's inode number.
  const absl::StatusOr<Occupant> now = Look(directory_, alive_);
  if (now.ok() && now->exists && now->identity == identity_) {
    unlinkat(directory_.fd(), alive_.c_str(), 0);
  }
}

}  // namespace ringdist
