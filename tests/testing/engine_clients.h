// Small users of an IoEngine, for tests of engines: each does one thing until
// it is done, and survives everything that the contract allows an engine to do.
//
//   StreamWriter writer(engine, fd_a, bytes, [] { return 1000; });
//   StreamReader reader(engine, fd_b, StreamReader::Into::kBoth,
//                       [] { return 4096; });
//   writer.Start();
//   reader.Start();
//   ... turn the engine until reader.bytes() is complete
//
// They use descriptors and never close one. Stop cancels what is in flight; a
// client may be destroyed when it is idle().

#ifndef RINGDIST_TESTS_TESTING_ENGINE_CLIENTS_H_
#define RINGDIST_TESTS_TESTING_ENGINE_CLIENTS_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ringdist/runtime/io_engine.h"

namespace ringdist {

// How large the next piece is to be.
using SizeFunction = std::function<size_t()>;

// Receives until the stream ends, fails or is stopped.
class StreamReader {
 public:
  enum class Into {
    kEngineMemory,  // ArmReceive
    kOwnMemory,     // ArmReceiveInto
    kBoth,          // By turns.
  };

  // `next_size` says how much to receive at once.
  StreamReader(IoEngine& engine, int fd, Into into, SizeFunction next_size);

  // After the end: receives again.
  void Start();
  void Stop();

  const std::string& bytes() const { return bytes_; }
  bool idle() const { return !receive_.in_flight(); }
  // Why it ended: 0 at the stream's end, -ECANCELED after Stop, -errno. Empty
  // while it goes on.
  std::optional<int> end() const { return end_; }

 private:
  void Arm();
  void OnReceived(const Completion& completion);
  void TakeBytes(const Completion& completion);
  // Whether an operation that ended so is to be armed again.
  bool GoesOn(int result) const;

  IoEngine& engine_;
  const int fd_;
  const Into into_;
  const SizeFunction next_size_;
  std::string bytes_;
  std::string memory_;   // What ArmReceiveInto fills; empty: ArmReceive.
  size_t limit_ = 0;     // Of the ArmReceive in flight.
  size_t received_ = 0;  // By it, so far.
  size_t times_armed_ = 0;
  bool stopped_ = false;
  std::optional<int> end_;
  Operation receive_ = Operation::To<&StreamReader::OnReceived>(this);
};

// Sends bytes until all are sent, it fails or is stopped.
class StreamWriter {
 public:
  // `next_size` says how large the slices are.
  StreamWriter(IoEngine& engine, int fd, std::string bytes,
               SizeFunction next_size);

  // After the end: sends what is left.
  void Start();
  void Stop();

  // Bytes the engine has taken.
  size_t sent() const { return sent_; }
  bool idle() const { return !send_.in_flight(); }
  // 0 when all is sent, -ECANCELED after Stop, -errno. Empty while it goes on.
  std::optional<int> end() const { return end_; }

 private:
  void Arm();
  void OnSent(const Completion& completion);

  IoEngine& engine_;
  const int fd_;
  const std::string bytes_;
  const SizeFunction next_size_;
  size_t sent_ = 0;
  std::vector<iovec> slices_;
  bool stopped_ = false;
  std::optional<int> end_;
  Operation send_ = Operation::To<&StreamWriter::OnSent>(this);
};

// Accepts until it fails or is stopped.
class Acceptor {
 public:
  Acceptor(IoEngine& engine, int listening_fd);

  void Start();
  void Stop();

  // What was accepted; the caller closes them.
  const std::vector<int>& descriptors() const { return descriptors_; }
  bool idle() const { return !accept_.in_flight(); }
  std::optional<int> end() const { return end_; }

 private:
  void OnAccepted(const Completion& completion);

  IoEngine& engine_;
  const int fd_;
  std::vector<int> descriptors_;
  bool stopped_ = false;
  std::optional<int> end_;
  Operation accept_ = Operation::To<&Acceptor::OnAccepted>(this);
};

// Connects once.
class Connector {
 public:
  Connector(IoEngine& engine, int fd, const sockaddr_storage& address,
            socklen_t size);

  void Start();
  void Stop() { engine_.Cancel(connect_); }

  bool idle() const { return !connect_.in_flight(); }
  // Empty while it is in flight.
  std::optional<int> result() const { return result_; }

 private:
  void OnConnected(const Completion& completion);

  IoEngine& engine_;
  const int fd_;
  const sockaddr_storage address_;
  const socklen_t size_;
  std::optional<int> result_;
  Operation connect_ = Operation::To<&Connector::OnConnected>(this);
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_ENGINE_CLIENTS_H_
