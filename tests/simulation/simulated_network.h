// SimulatedNetwork: the sockets of a simulation, and what happens to the
// operations that SimulatedEngines arm on them. It behaves like Linux with Unix
// domain stream sockets, and breaks as the simulation's Faults say.
//
//   SimulatedNetwork network(simulation);
//   SimulatedEngine a(network), b(network);   // two processes
//   auto [fd_a, fd_b] = network.Connect(a.process(), b.process());
//   ...
//   EXPECT_EQ(network.open_descriptors(), 0);
//
// Descriptors are numbers that no real one has, belong to one process, and are
// never used twice: what uses a descriptor that it does not own, or no longer,
// is found at once. So is everything else that the contract in
// runtime/io_engine.h forbids: see Simulation::Violation.
//
// Processes are numbers here; the engines are above. It outlives them.

#ifndef RINGDIST_TESTS_SIMULATION_SIMULATED_NETWORK_H_
#define RINGDIST_TESTS_SIMULATION_SIMULATED_NETWORK_H_

#include <sys/un.h>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/tests/simulation/simulated_operation.h"
#include "ringdist/tests/simulation/simulation.h"

namespace ringdist {

// The address under which a simulated socket listens, for ArmConnect. A name
// has at most 107 bytes, as a path in the file system.
sockaddr_un SimulatedAddress(absl::string_view name);

class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(Simulation& simulation);
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  Simulation& simulation() { return simulation_; }

  // For tests.

  // Two sockets that are connected with each other, one in each process.
  std::pair<int, int> Connect(int process, int other_process);
  // Breaks a connection, as Fault::kReset does.
  void Reset(int fd);
  // Of all processes, or of one.
  int open_descriptors() const;
  int open_descriptors(int process) const;

  // For engines and carriers: what system calls do.

  int NewProcess() { return ++last_process_; }
  int OpenSocket(int process);
  // AlreadyExists if somebody listens there.
  absl::StatusOr<int> Listen(int process, absl::string_view address,
                             size_t backlog);
  void Shutdown(int process, int fd);
  void Close(int process, int fd);

  // The life of an operation. Arm only checks that it is allowed and takes its
  // place at the socket; Submit hands it over; its completions are put into its
  // queue by Simulation::RunDueEvents; Release makes its place free, just
  // before its last completion runs.
  using OperationPointer = std::shared_ptr<SimulatedOperation>;
  void Arm(const OperationPointer& operation);
  void Submit(const OperationPointer& operation);
  void Cancel(const OperationPointer& operation);
  void Release(const SimulatedOperation& operation);

 private:
  struct Socket {
    enum class State {
      kUnconnected,
      kListening,
      kConnected,
      kEnded,  // Shut down from here or there: what had arrived can be read.
      kReset,  // As kEnded, and the next operation fails with ECONNRESET.
    };
    static constexpr int kNoProcess = 0;  // In a backlog, not accepted yet.
    static constexpr int kNoPeer = -1;    // Not connected, or closed there.

    int fd;
    int process;
    State state = State::kUnconnected;
    int peer = kNoPeer;
    std::string incoming;  // Sent by the peer, not received yet.
    size_t capacity;       // Of `incoming`.
    std::string address;   // Where it listens.
    size_t backlog = 0;
    std::deque<int> waiting;  // Connections to accept.
    OperationPointer input;   // Accept or receive, from Arm to Release.
    OperationPointer output;  // Connect or send.
  };

  static constexpr int kBeforeFirstFd = 1'000'000'000;

  // The socket of a descriptor that `process` may use for `what`.
  Socket& Find(int process, int fd, absl::string_view what);
  Socket* PeerOf(const Socket& socket);
  Socket& AddSocket(int process);
  void Link(Socket& socket, Socket& other);
  // No more bytes in either direction.
  void End(Socket& socket);
  void Break(Socket& socket);
  OperationPointer& PlaceOf(Socket& socket, SimulatedOperation::Kind kind);

  // Has an operation tried soon, because its socket may have changed.
  void Poke(const OperationPointer& operation);
  void PokeAll(Socket& socket);
  // Does what can be done now; the operation goes on waiting if that is
  // nothing.
  void Try(const OperationPointer& operation);
  void TryAccept(Socket& socket, const OperationPointer& operation);
  void TryConnect(Socket& socket, const OperationPointer& operation);
  void TryReceive(Socket& socket, const OperationPointer& operation);
  void TrySend(Socket& socket, const OperationPointer& operation);
  void ReceiveMany(Socket& socket, const OperationPointer& operation);
  // Whether nothing can be received; ends the operation if nothing ever will.
  bool NothingToReceive(Socket& socket, const OperationPointer& operation);
  void Take(Socket& socket, char* to, size_t size);
  // All of `size`, or, if `fault` happens, between one and all of it.
  size_t PartOf(size_t size, Fault fault);
  void CancelNow(const OperationPointer& operation);
  Socket* FindListener(absl::string_view address);
  // The address of a connect, checked to be as it was when it was armed.
  std::string AddressOf(const SimulatedOperation& operation) const;

  void Complete(const OperationPointer& operation, int result, bool more,
                std::unique_ptr<char[]> data = nullptr);
  void EndWith(const OperationPointer& operation, int result) {
    Complete(operation, result, /*more=*/false);
  }
  std::string Describe() const;

  Simulation& simulation_;
  std::map<int, Socket> sockets_;
  int last_process_ = 0;
  int last_fd_ = kBeforeFirstFd;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SIMULATED_NETWORK_H_
