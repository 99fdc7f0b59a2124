// SimulatedEngine: an IoEngine on a SimulatedNetwork; one is one process.
//
//   auto engine = std::make_unique<SimulatedEngine>(network);
//   Reactor reactor(std::move(engine), ReactorOptions());
//
// Completions run only in Turn, which never waits: Simulation::RunUntil makes
// time pass. What a completion gives is overwritten and freed as soon as its
// method returns; what a send names is read some time before it completes, and
// checked then to be what it was when it was armed.
//
// Breaking the contract of runtime/io_engine.h ends the process with a message
// that says what was broken, and how the world looks.

#ifndef RINGDIST_TESTS_SIMULATION_SIMULATED_ENGINE_H_
#define RINGDIST_TESTS_SIMULATION_SIMULATED_ENGINE_H_

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/tests/simulation/simulated_network.h"
#include "ringdist/tests/simulation/simulated_operation.h"

namespace ringdist {

class SimulatedEngine final : public IoEngine {
 public:
  explicit SimulatedEngine(SimulatedNetwork& network);
  // Nothing may be in flight.
  ~SimulatedEngine() override;

  SimulatedNetwork& network() { return network_; }
  int process() const { return process_; }

  void ArmAccept(Operation& operation, int listening_fd) override;
  // Addresses are sockaddr_un, as SimulatedAddress makes them.
  void ArmConnect(Operation& operation, int fd, const sockaddr* address,
                  socklen_t size) override;
  void ArmReceive(Operation& operation, int fd, size_t limit) override;
  bool ReceiveLimitIsExact() const override;
  void ArmReceiveInto(Operation& operation, int fd,
                      absl::Span<char> memory) override;
  void ArmSend(Operation& operation, int fd,
               absl::Span<const iovec> slices) override;
  void Cancel(Operation& operation) override;
  void Shutdown(int fd) override { network_.Shutdown(process_, fd); }
  void Close(int fd) override { network_.Close(process_, fd); }
  absl::Time Now() const override { return simulation_.Now(); }
  absl::StatusOr<int> Turn(absl::Duration timeout) override;
  void WakeUp() override { simulation_.NoteWork(); }
  // Unimplemented: a host with a loop of its own is not simulated.
  absl::StatusOr<int> Descriptor() override;
  absl::StatusOr<bool> Prepare(absl::Time deadline) override;
  IoEngineStatistics statistics() const override { return statistics_; }

 private:
  using Kind = SimulatedOperation::Kind;

  // What Arm… of that kind starts with; fill it in and give it to Arm.
  std::shared_ptr<SimulatedOperation> New(Kind kind, Operation& operation,
                                          int fd);
  void Arm(std::shared_ptr<SimulatedOperation> operation);
  void HandOver();
  int RunReady();
  void Run(SimulatedCompletion ready);

  SimulatedNetwork& network_;
  Simulation& simulation_;
  const int process_;
  absl::flat_hash_map<Operation*, std::shared_ptr<SimulatedOperation>>
      in_flight_;
  std::vector<std::shared_ptr<SimulatedOperation>> armed_;
  std::vector<std::shared_ptr<SimulatedOperation>> cancelled_;
  SimulatedCompletionQueue ready_;
  bool turning_ = false;
  IoEngineStatistics statistics_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_SIMULATION_SIMULATED_ENGINE_H_
