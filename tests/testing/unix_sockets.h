// Plain Unix sockets for tests: peers that are not made of what is tested.
//
//   FileDescriptor server = ListenAt(directory.Join("srv"), /*backlog=*/5);
//   FileDescriptor client;
//   EXPECT_EQ(ConnectTo(directory.Join("srv"), client), 0);
//
// What is only a means to a test's end ends the test with a CHECK if it fails.

#ifndef RINGDIST_TESTS_TESTING_UNIX_SOCKETS_H_
#define RINGDIST_TESTS_TESTING_UNIX_SOCKETS_H_

#include <sys/socket.h>

#include <string>
#include <vector>

#include "ringdist/runtime/file_descriptor.h"

namespace ringdist {

// A non-blocking socket bound to `path`. Its file is not removed.
FileDescriptor BindAt(const std::string& path, int type = SOCK_STREAM);

// The same, listening.
FileDescriptor ListenAt(const std::string& path, int backlog);

// Connects a new non-blocking socket. Zero, or the errno.
int ConnectTo(const std::string& path, FileDescriptor& fd);

// Connects until there is no room for one more.
std::vector<FileDescriptor> FillBacklog(const std::string& path);

// Accepts all that wait.
std::vector<FileDescriptor> AcceptAll(int listening_fd);

// Whether the other end was closed, or will be before long: waits for that, and
// for nothing else.
bool PeerCloses(int fd);

// How many descriptors this process has open.
int CountDescriptors();

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_UNIX_SOCKETS_H_
