#include "ringdist/runtime/socket_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

std::string Join(absl::string_view directory, absl::string_view name) {
  return absl::StrCat(directory, directory == "/" ? "" : "/", name);
}

std::string PathThrough(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

// The absolute path of an open directory; empty if it is not to be had.
std::string PathOfOpen(int fd) {
  char path[PATH_MAX];
  const ssize_t size = readlink(PathThrough(fd).c_str(), path, sizeof(path));
  return size < 0 ? std::string()
                  : std::string(path, static_cast<size_t>(size));
}

UnixAddress MakeAddress(absl::string_view path) {
  UnixAddress result;
  result.address.sun_family = AF_UNIX;
  std::memcpy(result.address.sun_path, path.data(), path.size());
  result.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return result;
}

}  // namespace

absl::StatusOr<SocketDirectory> SocketDirectory::Open(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  std::string given(path);
  FileDescriptor fd(open(given.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return SystemError("open", given, errno,
                       "the directory for the sockets must be there; make it, "
                       "or choose another one");
  }
  std::string real_path = PathOfOpen(fd.get());
  if (real_path.empty()) real_path = given;
  return SocketDirectory(std::move(fd), std::move(given), std::move(real_path));
}

std::string SocketDirectory::PathOf(absl::string_view name) const {
  return path_ == "." ? std::string(name) : Join(path_, name);
}

std::string SocketDirectory::RealPathOf(absl::string_view name) const {
  return Join(real_path_, name);
}

bool SocketDirectory::IsAt(const std::string& path) const {
  struct stat here;
  struct stat there;
  return fstat(fd(), &here) == 0 && stat(path.c_str(), &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

absl::StatusOr<UnixAddress> SocketDirectory::AddressOf(
    absl::string_view name) const {
  const std::string real_path = RealPathOf(name);
  if (real_path.size() <= kMaxSocketPathBytes && IsAt(real_path_)) {
    return MakeAddress(real_path);
  }
  const std::string through = Join(PathThrough(fd()), name);
  if (through.size() <= kMaxSocketPathBytes) return MakeAddress(through);
  if (name.size() <= kMaxSocketPathBytes && IsAt(".")) return MakeAddress(name);
  return absl::InvalidArgumentError(absl::StrCat(
      "the path ", real_path, " has ", real_path.size(),
      " bytes, but a socket's path can have at most ", kMaxSocketPathBytes,
      "; choose a shorter name, or run in that directory, where only the "
      "name counts (it has ",
      name.size(), " bytes)"));
}

}  // namespace ringdist
