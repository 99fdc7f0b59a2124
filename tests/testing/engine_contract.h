// EngineContractTest: what every IoEngine must do, as tests that run on each of
// them. A test file of an engine says how to make one:
//
//   INSTANTIATE_TEST_SUITE_P(
//       Uring, EngineContractTest,
//       testing::Values(EngineContractParam{"plain", [] {
//         return std::make_unique<SystemEngineHarness>(
//             *UringEngine::Create(UringOptions()));
//       }}),
//       EngineContractName);
//
// The tests are in engine_contract.cc; they accept everything that
// runtime/io_engine.h allows, such as receives that end for no reason.

#ifndef RINGDIST_TESTS_TESTING_ENGINE_CONTRACT_H_
#define RINGDIST_TESTS_TESTING_ENGINE_CONTRACT_H_

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "ringdist/runtime/io_engine.h"

namespace ringdist {

// An engine and where its sockets come from.
class EngineHarness {
 public:
  struct Address {
    sockaddr_storage bytes = {};
    socklen_t size = 0;
  };

  virtual ~EngineHarness() = default;

  virtual IoEngine& engine() = 0;
  // Two non-blocking stream sockets, connected with each other.
  virtual std::pair<int, int> ConnectedPair() = 0;
  // A non-blocking stream socket that is not connected.
  virtual int OpenSocket() = 0;
  // A socket that listens at an address of its own; and one where nobody does.
  virtual int Listen(int backlog, Address& address) = 0;
  virtual Address AddressOfNobody() = 0;
  // Sockets that are open, the engine's own not among them.
  virtual int open_sockets() const = 0;
  // Turns the engine until `done`. Fails if it takes too long.
  virtual absl::Status RunUntil(absl::FunctionRef<bool()> done) = 0;
};

struct EngineContractParam {
  std::string name;  // Letters and digits.
  std::function<std::unique_ptr<EngineHarness>()> make;
};

inline void PrintTo(const EngineContractParam& param, std::ostream* stream) {
  *stream << param.name;
}

inline std::string EngineContractName(
    const testing::TestParamInfo<EngineContractParam>& info) {
  return info.param.name;
}

class EngineContractTest : public testing::TestWithParam<EngineContractParam> {
 protected:
  EngineContractTest() : harness_(GetParam().make()) {}
  // Every test leaves nothing open and nothing in flight.
  void TearDown() override { EXPECT_EQ(harness_->open_sockets(), 0); }

  IoEngine& engine() { return harness_->engine(); }
  void RunUntil(absl::FunctionRef<bool()> done) {
    const absl::Status status = harness_->RunUntil(done);
    ASSERT_TRUE(status.ok()) << status;
  }

  const std::unique_ptr<EngineHarness> harness_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_ENGINE_CONTRACT_H_
