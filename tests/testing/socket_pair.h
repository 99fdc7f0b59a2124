// SocketPair: two Unix stream sockets, connected with each other.
//
//   SocketPair pair;
//   Connection connection(reactor, pool, pair.ours.Release(), limits, owner);
//   write(pair.peers.get(), "hello", 5);

#ifndef RINGDIST_TESTS_TESTING_SOCKET_PAIR_H_
#define RINGDIST_TESTS_TESTING_SOCKET_PAIR_H_

#include <sys/socket.h>

#include "ringdist/proto/check.h"
#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

struct SocketPair {
  // `type` may be SOCK_STREAM alone, for ends that block.
  explicit SocketPair(int type = SOCK_STREAM | SOCK_NONBLOCK) {
    int fds[2];
    RINGDIST_CHECK_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
    ours = FileDescriptor(fds[0]);
    peers = FileDescriptor(fds[1]);
  }

  FileDescriptor ours;
  FileDescriptor peers;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_SOCKET_PAIR_H_
