#include "ringdist/bench/load/bare_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/runtime/socket_directory.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {
namespace {

constexpr int kBacklog = 4096;

struct BareSocket {
  FileDescriptor fd;
  UnixAddress address;
  std::string path;
  // The address may go through it.
  SocketDirectory directory;
};

absl::StatusOr<BareSocket> MakeSocket(const std::string& path,
                                      absl::string_view alive) {
  absl::StatusOr<SocketDirectory> directory = SocketDirectory::Open(path);
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<UnixAddress> address = directory->AddressOf(alive);
  if (!address.ok()) return address.status();
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return SystemError("socket", "", errno);
  return BareSocket{std::move(fd), *address, absl::StrCat(path, "/", alive),
                    *std::move(directory)};
}

}  // namespace

absl::StatusOr<FileDescriptor> ListenBare(const std::string& directory) {
  absl::StatusOr<BareSocket> socket = MakeSocket(directory, kServerAlive);
  if (!socket.ok()) return socket.status();
  const int fd = socket->fd.get();
  if (bind(fd, socket->address.get(), socket->address.size) != 0) {
    return SystemError("bind", socket->path, errno);
  }
  if (listen(fd, kBacklog) != 0) {
    return SystemError("listen", socket->path, errno);
  }
  return std::move(socket->fd);
}

absl::StatusOr<FileDescriptor> ConnectBare(const std::string& directory,
                                           absl::string_view alive) {
  absl::StatusOr<BareSocket> socket = MakeSocket(directory, alive);
  if (!socket.ok()) return socket.status();
  int result = 0;
  do {
    result =
        connect(socket->fd.get(), socket->address.get(), socket->address.size);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return SystemError("connect", socket->path, errno);
  return std::move(socket->fd);
}

}  // namespace ringdist
