// BareTransport: what the transports have in common that only move framed bytes
// over Unix sockets, without a handshake (transport.h): the connections, their
// queues, and finding the messages in what arrives. SocketTransport and
// UringTransport move the bytes.

#ifndef RINGDIST_BENCH_LOAD_BARE_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_BARE_TRANSPORT_H_

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/bare_socket.h"
#include "ringdist/bench/load/frames.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/runtime/file_descriptor.h"
#include "ringdist/runtime/send_queue.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {

// Io is what the mover needs of each connection.
template <typename User, typename State, typename Io>
class BareTransport {
 public:
  struct Connection {
    explicit Connection(BlockPool& pool) : queue(pool) {}

    State state;
    Io io;
    FileDescriptor fd;
    SendQueue queue;
    FrameScanner scanner;
    bool queued = false;   // In the list of those that have bytes to send.
    bool refused = false;  // OnWritable is owed.
  };

  absl::Status Listen() {
    absl::StatusOr<FileDescriptor> listening = ListenBare(directory_);
    if (!listening.ok()) return listening.status();
    listening_ = *std::move(listening);
    return absl::OkStatus();
  }
  // Of a client. The derived class has Dial, which begins with Connect.
  absl::Status Prepare() {
    for (size_t i = 0; i < expected_; ++i) Add(FileDescriptor());
    return absl::OkStatus();
  }
  Connection& At(size_t index) { return *by_index_[index]; }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife life) {
    if (connection.queue.size() >= queue_bytes_ || !connection.fd.valid()) {
      connection.refused = true;
      return false;
    }
    AppendFrame(type, number, payload, life, connection.queue);
    if (!connection.queued) Queue(connection);
    return true;
  }

  static int64_t Now() { return MonotonicNow(); }
  EngineCounts counts() const { return counts_; }

 protected:
  BareTransport(const LoadSpec& spec, User& user)
      : user_(user),
        directory_(spec.directory),
        expected_(static_cast<size_t>(spec.connections)),
        queue_bytes_(SendQueueBytes(spec)) {}

  Connection& Add(FileDescriptor fd) {
    Connection& connection = connections_.emplace_back(pool_);
    connection.fd = std::move(fd);
    by_index_.push_back(&connection);
    return connection;
  }

  // False: OnDown was told.
  bool Connect(Connection& connection) {
    absl::StatusOr<FileDescriptor> fd = ConnectBare(directory_);
    if (!fd.ok()) {
      user_.OnDown(connection, fd.status());
      return false;
    }
    connection.fd = *std::move(fd);
    return true;
  }

  void Queue(Connection& connection) {
    connection.queued = true;
    to_send_.push_back(&connection);
  }

  // Bytes have arrived. False: they are no frames.
  bool Take(Connection& connection, absl::string_view bytes) {
    return connection.scanner.Scan(bytes, Receiver{user_, connection});
  }
  static absl::Status NoFrames() {
    return absl::DataLossError("what arrived are no frames");
  }
  // Why nothing more comes: the stream's end, or a negative errno.
  static absl::Status EndOf(ssize_t result) {
    return result == 0 ? absl::UnavailableError("connection_closed")
                       : SystemError("recv", "", static_cast<int>(-result));
  }

  // So many bytes were sent.
  void Sent(Connection& connection, size_t size) {
    connection.queue.Consume(size);
    if (connection.refused && connection.queue.size() <= queue_bytes_ / 2) {
      connection.refused = false;
      told_ = true;
      user_.OnWritable(connection);
    }
  }

  // Nothing of it is in flight.
  void Lose(Connection& connection, const absl::Status& reason) {
    connection.fd.Close();
    connection.queue.Clear();
    user_.OnDown(connection, reason);
  }

  User& user_;
  const std::string directory_;
  const size_t expected_;  // Connections, of a server, too.
  const size_t queue_bytes_;
  FileDescriptor listening_;
  BlockPool pool_;
  std::list<Connection> connections_;  // Where they are is where they stay.
  std::vector<Connection*> by_index_;
  std::vector<Connection*> to_send_;
  bool told_ = false;  // OnWritable, in this turn: do not wait.
  EngineCounts counts_;

 private:
  struct Receiver {
    void OnFrame(MessageType type, uint64_t number, absl::string_view payload) {
      if (type != MessageType::kData ||
          !user.TakeData(connection, number, payload)) {
        user.OnMessage(connection, type, number, payload);
      }
    }
    void OnPart(uint64_t number, size_t bytes, size_t offset,
                absl::string_view part) {
      user.OnPart(connection, number, bytes, offset, part);
    }

    User& user;
    Connection& connection;
  };
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_BARE_TRANSPORT_H_
