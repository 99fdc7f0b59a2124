#include "ringdist/tests/testing/unix_sockets.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "ringdist/proto/check.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {
namespace {

constexpr int kPeerTimeoutMilliseconds = 20'000;

sockaddr_un AddressAt(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  RINGDIST_CHECK_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

FileDescriptor MakeSocket(int type) {
  FileDescriptor fd(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  RINGDIST_CHECK(fd.valid());
  return fd;
}

}  // namespace

FileDescriptor BindAt(const std::string& path, int type) {
  FileDescriptor fd = MakeSocket(type);
  const sockaddr_un address = AddressAt(path);
  RINGDIST_CHECK_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                         sizeof(address)),
                    0);
  return fd;
}

FileDescriptor ListenAt(const std::string& path, int backlog) {
  FileDescriptor fd = BindAt(path);
  RINGDIST_CHECK_EQ(listen(fd.get(), backlog), 0);
  return fd;
}

int ConnectTo(const std::string& path, FileDescriptor& fd) {
  fd = MakeSocket(SOCK_STREAM);
  const sockaddr_un address = AddressAt(path);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 0
             ? 0
             : errno;
}

std::vector<FileDescriptor> FillBacklog(const std::string& path) {
  std::vector<FileDescriptor> connected;
  while (true) {
    FileDescriptor fd;
    const int error = ConnectTo(path, fd);
    if (error == EAGAIN) return connected;
    RINGDIST_CHECK_EQ(error, 0);
    connected.push_back(std::move(fd));
  }
}

std::vector<FileDescriptor> AcceptAll(int listening_fd) {
  std::vector<FileDescriptor> accepted;
  pollfd waiting = {listening_fd, POLLIN, 0};
  while (poll(&waiting, 1, 0) == 1) {
    accepted.emplace_back(
        accept4(listening_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    RINGDIST_CHECK(accepted.back().valid());
  }
  return accepted;
}

bool PeerCloses(int fd) {
  pollfd readable = {fd, POLLIN, 0};
  if (poll(&readable, 1, kPeerTimeoutMilliseconds) != 1) return false;
  char byte = 0;
  const ssize_t size = recv(fd, &byte, 1, MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno == ECONNRESET);
}

int CountDescriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  // The iterator itself has one open.
  return static_cast<int>(std::distance(begin(descriptors), end(descriptors))) -
         1;
}

}  // namespace ringdist
