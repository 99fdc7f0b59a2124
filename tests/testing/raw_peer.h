// RawPeer: one end of a connection to a node under test, by hand: a plain
// socket, and the messages of the handshake one by one.
//
//   RawPeer peer(*reactor, directory.Join("a"), "peer@localhost");
//   peer.Send(peer.Dial());          // the challenge_reply: the node is up now
//   EXPECT_EQ(peer.ReceiveHandshake(), ...);    // its challenge_ack
//   peer.Send(DataPacket("hello"));
//
// Whatever waits turns the reactor meanwhile, for at most 20 s.

#ifndef RINGDIST_TESTS_TESTING_RAW_PEER_H_
#define RINGDIST_TESTS_TESTING_RAW_PEER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

// A body with its 4-byte header.
std::string DataPacket(absl::string_view body);

class RawPeer {
 public:
  // Connects to the socket at `path`, and calls itself `name`.
  RawPeer(Reactor& reactor, const std::string& path, absl::string_view name);
  // Owns a connected socket.
  RawPeer(Reactor& reactor, FileDescriptor fd, absl::string_view name);

  // The node's cookie, and what this peer announces.
  std::string cookie = "secret";
  uint64_t flags = kHiddenNodeFlags;

  // Sends all of it; the node is turned as it need be.
  void Send(absl::string_view bytes);
  // A handshake message with its 2-byte header.
  void SendHandshake(absl::string_view body);

  // The body of the next packet; empty optional if the node closes instead.
  std::optional<std::string> ReceiveHandshake();
  std::optional<std::string> ReceiveData();
  // Whether the node closes the connection; what else it sends is skipped.
  bool SeesClose();

  // The handshake as the one that dials, in version 6: says its name, expects
  // `status` and the challenge, and returns the challenge_reply.
  std::string Dial(absl::string_view status = "sok");
  // As the one that was dialled: gets the name, says ok and its challenge, gets
  // the reply and returns the challenge_ack.
  std::string Answer();
  // The challenge_reply to a challenge of the node, with its header.
  std::string ReplyTo(absl::string_view challenge_body);
  // The challenge_ack to a challenge_reply of the node, with its header.
  std::string AckOf(absl::string_view reply_body);

  // Takes what has come, without waiting; false once the node has closed.
  bool Read();
  // What has come and was not received.
  const std::string& unread() const { return unread_; }
  void ForgetUnread() { unread_.clear(); }
  int fd() const { return fd_.get(); }
  void Close() { fd_.Close(); }

 private:
  std::optional<std::string> ReceivePacket(size_t header_size);

  Reactor& reactor_;
  FileDescriptor fd_;
  NodeName name_;
  std::string unread_;
  bool closed_ = false;  // By the node.
};

// The next connection that waits at a listening socket, as a peer.
RawPeer AcceptPeer(Reactor& reactor, const FileDescriptor& listening,
                   absl::string_view name);

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_RAW_PEER_H_
