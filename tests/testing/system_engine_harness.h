// SystemEngineHarness: runs EngineContractTest on an engine of the operating
// system's sockets.

#ifndef RINGDIST_TESTS_TESTING_SYSTEM_ENGINE_HARNESS_H_
#define RINGDIST_TESTS_TESTING_SYSTEM_ENGINE_HARNESS_H_

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/tests/testing/engine_contract.h"

namespace ringdist {

class SystemEngineHarness final : public EngineHarness {
 public:
  explicit SystemEngineHarness(std::unique_ptr<IoEngine> engine);

  IoEngine& engine() override { return *engine_; }
  std::pair<int, int> ConnectedPair() override;
  int OpenSocket() override;
  int Listen(int backlog, Address& address) override;
  Address AddressOfNobody() override;
  int open_sockets() const override;
  // For at most 20 s of real time.
  absl::Status RunUntil(absl::FunctionRef<bool()> done) override;

 private:
  const std::unique_ptr<IoEngine> engine_;
  const int sockets_before_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_SYSTEM_ENGINE_HARNESS_H_
