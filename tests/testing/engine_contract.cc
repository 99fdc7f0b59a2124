#include "ringdist/tests/testing/engine_contract.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/tests/testing/engine_clients.h"

namespace ringdist {
namespace {

using Into = StreamReader::Into;

size_t Thousand() { return 1000; }
size_t FourKilobytes() { return 4096; }

// Bytes of which no two neighbours of some length are the same.
std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// Counts what comes, and does what it is told in the last completion.
class Probe {
 public:
  explicit Probe(std::function<void()> in_last = [] {})
      : in_last_(std::move(in_last)) {}

  int count() const { return count_; }
  int last_result() const { return last_result_; }
  Operation& operation() { return operation_; }

 private:
  void OnCompletion(const Completion& completion) {
    ++count_;
    last_result_ = completion.result;
    if (completion.more) return;
    // A copy: it may destroy this.
    const std::function<void()> in_last = in_last_;
    in_last();
  }

  const std::function<void()> in_last_;
  int count_ = 0;
  int last_result_ = 0;
  Operation operation_ = Operation::To<&Probe::OnCompletion>(this);
};

iovec Slice(absl::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineContractTest);

// Bytes.

TEST_P(EngineContractTest, BytesArriveCompleteAndInOrder) {
  for (const Into into : {Into::kEngineMemory, Into::kOwnMemory, Into::kBoth}) {
    const auto [from, to] = harness_->ConnectedPair();
    const std::string bytes = Pattern(400'000);
    size_t piece = 0;
    StreamWriter writer(engine(), from, bytes,
                        [&piece] { return 1 + (++piece * 7919) % 5000; });
    StreamReader reader(engine(), to, into,
                        [&piece] { return 1 + (++piece * 104729) % 30000; });
    writer.Start();
    reader.Start();
    RunUntil(
        [&] { return writer.idle() && reader.bytes().size() >= bytes.size(); });
    EXPECT_EQ(writer.end(), 0);
    EXPECT_TRUE(reader.bytes() == bytes);
    engine().Shutdown(from);
    RunUntil([&] { return reader.idle(); });
    EXPECT_EQ(reader.end(), 0);
    engine().Close(from);
    engine().Close(to);
  }
}

TEST_P(EngineContractTest, BothDirectionsFlowAtTheSameTime) {
  const auto [a, b] = harness_->ConnectedPair();
  const std::string bytes = Pattern(300'000);
  StreamWriter from_a(engine(), a, bytes, Thousand);
  StreamWriter from_b(engine(), b, bytes, FourKilobytes);
  StreamReader at_a(engine(), a, Into::kEngineMemory, FourKilobytes);
  StreamReader at_b(engine(), b, Into::kEngineMemory, FourKilobytes);
  from_a.Start();
  from_b.Start();
  at_a.Start();
  at_b.Start();
  RunUntil([&] {
    return at_a.bytes().size() >= bytes.size() &&
           at_b.bytes().size() >= bytes.size() && from_a.idle() &&
           from_b.idle();
  });
  EXPECT_TRUE(at_a.bytes() == bytes);
  EXPECT_TRUE(at_b.bytes() == bytes);
  engine().Shutdown(a);
  RunUntil([&] { return at_a.idle() && at_b.idle(); });
  engine().Close(a);
  engine().Close(b);
}

TEST_P(EngineContractTest, AsManySlicesAsAreAllowedGoOutInOrder) {
  const auto [from, to] = harness_->ConnectedPair();
  const std::string bytes = Pattern(3 * IoEngine::kMaxSlices);
  StreamWriter writer(engine(), from, bytes, [] { return 3; });
  StreamReader reader(engine(), to, Into::kEngineMemory, Thousand);
  writer.Start();
  reader.Start();
  RunUntil(
      [&] { return reader.bytes().size() >= bytes.size() && writer.idle(); });
  EXPECT_TRUE(reader.bytes() == bytes);
  reader.Stop();
  RunUntil([&] { return reader.idle(); });
  engine().Close(from);
  engine().Close(to);
}

TEST_P(EngineContractTest, WhatWasSentBeforeACloseArrives) {
  const auto [from, to] = harness_->ConnectedPair();
  StreamWriter writer(engine(), from, "the end", Thousand);
  writer.Start();
  RunUntil([&] { return writer.idle(); });
  engine().Close(from);
  StreamReader reader(engine(), to, Into::kEngineMemory, Thousand);
  reader.Start();
  RunUntil([&] { return reader.idle(); });
  EXPECT_EQ(reader.bytes(), "the end");
  EXPECT_EQ(reader.end(), 0);
  engine().Close(to);
}

TEST_P(EngineContractTest, SendToWhoHasClosedFails) {
  const auto [from, to] = harness_->ConnectedPair();
  engine().Close(to);
  StreamWriter writer(engine(), from, "hello", Thousand);
  writer.Start();
  RunUntil([&] { return writer.idle(); });
  ASSERT_TRUE(writer.end().has_value());
  EXPECT_TRUE(*writer.end() == -EPIPE || *writer.end() == -ECONNRESET)
      << *writer.end();
  engine().Close(from);
}

TEST_P(EngineContractTest, ShutdownEndsBothDirectionsAtBothEnds) {
  const auto [a, b] = harness_->ConnectedPair();
  StreamReader at_a(engine(), a, Into::kEngineMemory, Thousand);
  StreamReader at_b(engine(), b, Into::kOwnMemory, Thousand);
  at_a.Start();
  at_b.Start();
  engine().Shutdown(a);
  RunUntil([&] { return at_a.idle() && at_b.idle(); });
  EXPECT_EQ(at_a.end(), 0);
  EXPECT_EQ(at_b.end(), 0);
  StreamWriter from_a(engine(), a, "x", Thousand);
  StreamWriter from_b(engine(), b, "x", Thousand);
  from_a.Start();
  from_b.Start();
  RunUntil([&] { return from_a.idle() && from_b.idle(); });
  EXPECT_EQ(from_a.end(), -EPIPE);
  EXPECT_EQ(from_b.end(), -EPIPE);
  engine().Close(a);
  engine().Close(b);
}

TEST_P(EngineContractTest, ShutdownEndsASendThatWaitsForRoom) {
  const auto [from, to] = harness_->ConnectedPair();
  StreamWriter writer(engine(), from, Pattern(10'000'000), FourKilobytes);
  writer.Start();
  RunUntil([&] { return writer.sent() > 0; });
  engine().Shutdown(from);
  RunUntil([&] { return writer.idle(); });
  EXPECT_EQ(writer.end(), -EPIPE);
  engine().Close(from);
  engine().Close(to);
}

TEST_P(EngineContractTest, AReceiveEndsAtItsLimit) {
  const auto [from, to] = harness_->ConnectedPair();
  StreamWriter writer(engine(), from, Pattern(5000), Thousand);
  writer.Start();
  // StreamReader checks each receive: at once where the limit is exact, and
  // where it is not, soon after a cancel.
  StreamReader reader(engine(), to, Into::kEngineMemory, [] { return 77; });
  reader.Start();
  RunUntil([&] { return reader.bytes().size() == 5000 && writer.idle(); });
  engine().Shutdown(from);
  RunUntil([&] { return reader.idle(); });
  engine().Close(from);
  engine().Close(to);
}

// Operations.

TEST_P(EngineContractTest, CompletionsRunOnlyInTurn) {
  const auto [from, to] = harness_->ConnectedPair();
  Probe send;
  Probe receive;
  const std::string bytes = "hello";
  const iovec slice = Slice(bytes);
  engine().ArmReceive(receive.operation(), to, 100);
  engine().ArmSend(send.operation(), from, absl::MakeConstSpan(&slice, 1));
  engine().Cancel(receive.operation());
  engine().Shutdown(from);
  EXPECT_EQ(send.count(), 0);
  EXPECT_EQ(receive.count(), 0);
  EXPECT_TRUE(send.operation().in_flight());
  EXPECT_TRUE(receive.operation().in_flight());
  RunUntil([&] {
    return !send.operation().in_flight() && !receive.operation().in_flight();
  });
  EXPECT_EQ(send.count(), 1);
  EXPECT_GE(receive.count(), 1);
  engine().Close(from);
  engine().Close(to);
}

TEST_P(EngineContractTest, AnOwnerMayArmAgainOrGoInItsLastCompletion) {
  const auto [from, to] = harness_->ConnectedPair();
  std::unique_ptr<Probe> receive;
  int times = 0;
  receive = std::make_unique<Probe>([&, end = to] {
    if (++times < 3) {
      engine().ArmReceive(receive->operation(), end, 100);
    } else {
      receive.reset();
    }
  });
  engine().Shutdown(from);
  engine().ArmReceive(receive->operation(), to, 100);
  RunUntil([&] { return receive == nullptr; });
  EXPECT_EQ(times, 3);
  engine().Close(from);
  engine().Close(to);
}

// Cancel.

TEST_P(EngineContractTest, CancelEndsWhateverWaits) {
  const auto [full, end] = harness_->ConnectedPair();
  const auto [quiet, other] = harness_->ConnectedPair();
  EngineHarness::Address address;
  const int listening = harness_->Listen(10, address);
  StreamWriter writer(engine(), full, Pattern(10'000'000), FourKilobytes);
  StreamReader reader(engine(), quiet, Into::kEngineMemory, Thousand);
  StreamReader straight(engine(), other, Into::kOwnMemory, Thousand);
  Acceptor acceptor(engine(), listening);
  writer.Start();
  reader.Start();
  straight.Start();
  acceptor.Start();
  RunUntil([&] { return writer.sent() > 0; });
  writer.Stop();
  reader.Stop();
  straight.Stop();
  acceptor.Stop();
  RunUntil([&] {
    return writer.idle() && reader.idle() && straight.idle() && acceptor.idle();
  });
  EXPECT_EQ(writer.end(), -ECANCELED);
  EXPECT_EQ(reader.end(), -ECANCELED);
  EXPECT_EQ(straight.end(), -ECANCELED);
  EXPECT_EQ(acceptor.end(), -ECANCELED);
  for (const int fd : {full, end, quiet, other, listening}) engine().Close(fd);
}

TEST_P(EngineContractTest, CancelLosesNoBytes) {
  const auto [from, to] = harness_->ConnectedPair();
  const std::string bytes = Pattern(400'000);
  StreamWriter writer(engine(), from, bytes, Thousand);
  StreamReader reader(engine(), to, Into::kBoth, FourKilobytes);
  while (reader.bytes().size() < bytes.size()) {
    const size_t wanted = reader.bytes().size() + 10'000;
    if (writer.idle() && writer.end() != 0) writer.Start();
    reader.Start();
    RunUntil([&] {
      return reader.bytes().size() >= std::min(wanted, bytes.size());
    });
    ASSERT_FALSE(HasFatalFailure());
    writer.Stop();
    reader.Stop();
    RunUntil([&] { return writer.idle() && reader.idle(); });
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_EQ(writer.sent(), bytes.size());
  EXPECT_TRUE(reader.bytes() == bytes);
  engine().Close(from);
  engine().Close(to);
}

TEST_P(EngineContractTest, CancelOfWhatIsNotInFlightDoesNothing) {
  const auto [from, to] = harness_->ConnectedPair();
  Probe receive;
  engine().Cancel(receive.operation());
  engine().ArmReceive(receive.operation(), to, 100);
  engine().Cancel(receive.operation());
  engine().Cancel(receive.operation());
  RunUntil([&] { return !receive.operation().in_flight(); });
  EXPECT_EQ(receive.count(), 1);
  EXPECT_EQ(receive.last_result(), -ECANCELED);
  engine().Close(from);
  engine().Close(to);
}

// Connections.

TEST_P(EngineContractTest, EachConnectionIsAcceptedOnce) {
  constexpr int kCount = 50;
  EngineHarness::Address address;
  const int listening = harness_->Listen(kCount, address);
  Acceptor acceptor(engine(), listening);
  acceptor.Start();
  std::vector<int> fds;
  std::vector<std::unique_ptr<Connector>> connectors;
  for (int i = 0; i < kCount; ++i) {
    fds.push_back(harness_->OpenSocket());
    connectors.push_back(std::make_unique<Connector>(
        engine(), fds.back(), address.bytes, address.size));
  }
  for (const auto& connector : connectors) {
    // A full backlog is no failure: try again.
    do {
      connector->Start();
      RunUntil([&] { return connector->idle(); });
      ASSERT_FALSE(HasFatalFailure());
    } while (connector->result() == -EAGAIN);
    EXPECT_EQ(connector->result(), 0);
  }
  RunUntil([&] { return acceptor.descriptors().size() >= kCount; });
  acceptor.Stop();
  RunUntil([&] { return acceptor.idle(); });
  EXPECT_EQ(std::set<int>(acceptor.descriptors().begin(),
                          acceptor.descriptors().end())
                .size(),
            static_cast<size_t>(kCount));
  for (const int fd : acceptor.descriptors()) engine().Close(fd);
  for (const int fd : fds) engine().Close(fd);
  engine().Close(listening);
}

TEST_P(EngineContractTest, AnAcceptedConnectionCarriesBytes) {
  EngineHarness::Address address;
  const int listening = harness_->Listen(1, address);
  const int fd = harness_->OpenSocket();
  Connector connector(engine(), fd, address.bytes, address.size);
  do {
    connector.Start();
    RunUntil([&] { return connector.idle(); });
    ASSERT_FALSE(HasFatalFailure());
  } while (connector.result() == -EAGAIN);
  ASSERT_EQ(connector.result(), 0);
  // Sent before it is accepted.
  StreamWriter writer(engine(), fd, "early", Thousand);
  writer.Start();
  Acceptor acceptor(engine(), listening);
  acceptor.Start();
  RunUntil([&] { return writer.idle() && !acceptor.descriptors().empty(); });
  const int accepted = acceptor.descriptors()[0];
  StreamReader reader(engine(), accepted, Into::kEngineMemory, Thousand);
  reader.Start();
  engine().Shutdown(fd);
  acceptor.Stop();
  RunUntil([&] { return reader.idle() && acceptor.idle(); });
  EXPECT_EQ(reader.bytes(), "early");
  for (const int each : {fd, accepted, listening}) engine().Close(each);
}

TEST_P(EngineContractTest, ConnectWhereNobodyListensIsRefused) {
  const EngineHarness::Address address = harness_->AddressOfNobody();
  const int fd = harness_->OpenSocket();
  Connector connector(engine(), fd, address.bytes, address.size);
  connector.Start();
  RunUntil([&] { return connector.idle(); });
  EXPECT_EQ(connector.result(), -ECONNREFUSED);
  engine().Close(fd);
}

TEST_P(EngineContractTest, ConnectToAFullBacklogSaysTryAgain) {
  EngineHarness::Address address;
  const int listening = harness_->Listen(2, address);
  std::vector<int> fds;
  std::optional<int> result;
  while (result != -EAGAIN) {
    ASSERT_LT(fds.size(), 10U) << "a backlog of 2 took all of these";
    fds.push_back(harness_->OpenSocket());
    Connector connector(engine(), fds.back(), address.bytes, address.size);
    connector.Start();
    RunUntil([&] { return connector.idle(); });
    ASSERT_FALSE(HasFatalFailure());
    result = connector.result();
  }
  for (const int fd : fds) engine().Close(fd);
  engine().Close(listening);
}

}  // namespace ringdist
