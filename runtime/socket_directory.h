// SocketDirectory: the directory in which nodes have their sockets, held open,
// so that it stays the same one whatever happens to its path or to the
// process's current directory. The latter is never changed.
//
//   absl::StatusOr<SocketDirectory> directory = SocketDirectory::Open(".");
//   absl::StatusOr<UnixAddress> address = directory->AddressOf("cpp");
//   bind(fd, address->get(), address->size);
//
// The address of a Unix socket has room for a path of 107 bytes. Where the
// whole path is longer the address goes through the open directory
// (/proc/self/fd/N/cpp): then only the name counts.
//
// Immutable once open; safe from any thread.

#ifndef RINGDIST_RUNTIME_SOCKET_DIRECTORY_H_
#define RINGDIST_RUNTIME_SOCKET_DIRECTORY_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

// The longest path that the address of a Unix socket can hold.
inline constexpr size_t kMaxSocketPathBytes = sizeof(sockaddr_un::sun_path) - 1;

struct UnixAddress {
  sockaddr_un address = {};
  socklen_t size = 0;

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&address);
  }
};

class SocketDirectory {
 public:
  // Errors are the system's, with the path: NotFound if there is none,
  // FailedPrecondition if it is something else than a directory.
  static absl::StatusOr<SocketDirectory> Open(absl::string_view path);

  // For the ...at system calls on what is in it; open for nothing else.
  int fd() const { return fd_.get(); }

  // The path of something in it, as Erlang nodes there name it: relative if
  // the directory was opened by a relative path, just the name if it is ".".
  std::string PathOf(absl::string_view name) const;

  // The same as an absolute path, for messages.
  std::string RealPathOf(absl::string_view name) const;

  // Where to bind or connect; valid as long as the directory is open. The first
  // of these that fits:
  //   1. the absolute path, if it still leads here;
  //   2. the path through the open directory;
  //   3. the name alone, if this is the process's current directory. Last,
  //      because it means something else as soon as that changes.
  // InvalidArgument, with the limit, the path and its length, if none does.
  absl::StatusOr<UnixAddress> AddressOf(absl::string_view name) const;

 private:
  SocketDirectory(FileDescriptor fd, std::string path, std::string real_path)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        real_path_(std::move(real_path)) {}

  bool IsAt(const std::string& path) const;

  FileDescriptor fd_;
  std::string path_;       // As given, without '/' at its end.
  std::string real_path_;  // Absolute, as it was when it was opened.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_SOCKET_DIRECTORY_H_
