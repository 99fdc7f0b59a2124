// LoadClient over a server and a clock that are simulated: so that what it
// computes is compared with what it must be, exactly.

#include "ringdist/bench/load/load_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"

namespace ringdist {
namespace {

// What the simulated server does.
struct Behaviour {
  int64_t service_ns = 0;  // Each message takes it so long.
  size_t room = 1000;      // So many may be on their way per connection.
  uint64_t skip = 0;       // The answer with this number never comes,
  uint64_t repeat = 0;     // this one twice,
  uint64_t swap = 0;       // this one after the next,
  uint64_t spoil = 0;      // and this one with another payload.
  uint64_t cut_off = 0;    // After this one the connection is lost.
  uint64_t refuse = 0;     // This attempt to connect fails at once.
};

// One server of a single thread: each message begins when it has come and the
// ones before it are done. Reports take it no time.
template <typename User, typename State>
class SimulatedTransport {
 public:
  struct Connection {
    State state;
    size_t waiting = 0;
    bool refused = false;
    bool is_up = false;
    uint64_t messages = 0;
  };

  SimulatedTransport(const LoadSpec& spec, Peer, User& user)
      : user_(user), connections_(static_cast<size_t>(spec.connections)) {}

  absl::Status Prepare() { return absl::OkStatus(); }
  Connection& At(size_t index) { return connections_[index]; }
  void Dial(Connection& connection) {
    if (++dials_ == behaviour.refuse) {
      return user_.OnDown(connection, absl::UnavailableError("refused"));
    }
    queue_.push_back({&connection, MessageType::kCall, 0, "",
                      now_ns_ + behaviour.service_ns});
  }
  void HangUp(Connection& connection) {
    connection.is_up = false;
    user_.OnDown(connection, absl::CancelledError("disconnect"));
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    if (!connection.is_up) return false;
    if (type == MessageType::kStall) {
      free_ns_ = std::max(free_ns_, now_ns_) + static_cast<int64_t>(number);
      return true;
    }
    if (connection.waiting == behaviour.room) {
      connection.refused = true;
      return false;
    }
    ++connection.waiting;
    free_ns_ = std::max(free_ns_, now_ns_);
    if (type != MessageType::kReport) free_ns_ += behaviour.service_ns;
    queue_.push_back(
        {&connection, type, number, std::string(payload), free_ns_});
    return true;
  }

  absl::Status Turn(absl::Duration max_wait) {
    const int64_t until = now_ns_ + absl::ToInt64Nanoseconds(max_wait);
    if (!queue_.empty() && queue_.front().done_ns <= until) {
      now_ns_ = std::max(now_ns_, queue_.front().done_ns);
      while (!queue_.empty() && queue_.front().done_ns <= now_ns_) {
        const Message message = queue_.front();
        queue_.pop_front();
        Finish(message);
      }
    } else {
      now_ns_ = until;
    }
    return absl::OkStatus();
  }

  int64_t Now() const { return now_ns_; }
  EngineCounts counts() const { return {}; }

  Behaviour behaviour;

 private:
  struct Message {
    Connection* from;
    MessageType type;
    uint64_t number;
    std::string payload;
    int64_t done_ns;
  };

  void Finish(const Message& message) {
    Connection& connection = *message.from;
    if (message.type == MessageType::kCall) {  // Stands for a handshake.
      connection.is_up = true;
      return user_.OnUp(connection);
    }
    --connection.waiting;
    switch (message.type) {
      case MessageType::kData:
        ++report_.messages;
        report_.bytes += message.payload.size();
        break;
      case MessageType::kReport:
        report_.time_ns = static_cast<uint64_t>(now_ns_);
        user_.OnMessage(connection, message.type, message.number,
                        EncodeReport(report_));
        break;
      default:
        Answer(connection, message);
    }
    if (!std::exchange(connection.refused, false)) return;
    user_.OnWritable(connection);
  }

  void Answer(Connection& connection, const Message& message) {
    const uint64_t number = message.number;
    const auto answer = [&](uint64_t with, absl::string_view payload) {
      user_.OnMessage(connection, message.type, with, payload);
    };
    if (number == behaviour.skip || number == behaviour.swap) {
      kept_ = message.payload;
      return;
    }
    answer(number,
           number == behaviour.spoil ? "something else" : message.payload);
    if (number == behaviour.repeat) answer(number, message.payload);
    if (number == behaviour.swap + 1 && number > 1) answer(number - 1, kept_);
    if (number == behaviour.cut_off) HangUp(connection);
  }

  User& user_;
  std::deque<Connection> connections_;
  int64_t now_ns_ = 1'000'000'000;
  int64_t free_ns_ = 0;  // When the server is done with all.
  std::deque<Message> queue_;
  std::string kept_;
  uint64_t dials_ = 0;
  ServerReport report_;
};

class LoadClientTest : public ::testing::Test {
 protected:
  LoadClientTest() {
    behaviour_.service_ns = 10'000;
    spec_.workload = Workload::kEcho;
    spec_.payload = {{16, 1}};
    spec_.warmup = absl::Milliseconds(10);
    spec_.duration = absl::Milliseconds(100);
  }

  void AskAtRate(double rate) {
    spec_.arrival = Arrival::kConstant;
    spec_.rate = rate;
  }

  absl::StatusOr<Measurement> TryToRun() {
    LoadClient<SimulatedTransport> client(spec_, Peer::kRingdist, hooks_);
    client.transport().behaviour = behaviour_;
    return client.Run();
  }
  Measurement Run() {
    const absl::StatusOr<Measurement> measured = TryToRun();
    EXPECT_TRUE(measured.ok()) << measured.status();
    return measured.ok() ? *measured : Measurement();
  }

  Behaviour behaviour_;
  LoadSpec spec_;
  RunHooks hooks_;
};

TEST_F(LoadClientTest, ARoundTripFollowsTheOther) {
  const Measurement measured = Run();
  EXPECT_EQ(measured.duration, absl::Milliseconds(100));
  EXPECT_EQ(measured.messages, 10'000U);
  EXPECT_EQ(measured.bytes, 160'000U);
  EXPECT_EQ(measured.latency.min(), 10'000);
  EXPECT_EQ(measured.latency.max(), 10'000);
  EXPECT_EQ(measured.faults.Total(), 0U);
  EXPECT_EQ(measured.asked_rate, 0);
}

TEST_F(LoadClientTest, AWindowIsWhatIsOnItsWay) {
  spec_.window = 8;
  const Measurement measured = Run();
  EXPECT_EQ(measured.messages, 10'000U);
  EXPECT_EQ(measured.latency.max(), 80'000);
}

TEST_F(LoadClientTest, AStreamIsCountedByTheServer) {
  spec_.workload = Workload::kStream;
  const Measurement measured = Run();
  // From report to report, each of which stands behind a full queue.
  EXPECT_EQ(measured.messages, 10'000U);
  EXPECT_EQ(measured.duration, absl::Milliseconds(100));
  EXPECT_EQ(measured.latency.count(), 0U);
}

TEST_F(LoadClientTest, AStreamWithAWindowIsAnswered) {
  spec_.workload = Workload::kStream;
  spec_.window = 4;
  const Measurement measured = Run();
  EXPECT_EQ(measured.messages, 10'000U);
  EXPECT_EQ(measured.latency.max(), 40'000);
}

TEST_F(LoadClientTest, ConnectionsShareTheServer) {
  spec_.connections = 5;
  const Measurement measured = Run();
  EXPECT_EQ(measured.messages, 10'000U);
  EXPECT_EQ(measured.latency.max(), 50'000);
}

TEST_F(LoadClientTest, HandshakesFollowEachOther) {
  spec_.workload = Workload::kConnect;
  const Measurement measured = Run();
  EXPECT_EQ(measured.messages, 10'000U);
  EXPECT_EQ(measured.latency.max(), 10'000);
}

TEST_F(LoadClientTest, AHandshakeThatFailsIsAnError) {
  spec_.workload = Workload::kConnect;
  behaviour_.refuse = 5000;
  const Measurement measured = Run();
  EXPECT_EQ(measured.messages, 9900U);  // It paused for a millisecond.
  EXPECT_EQ(measured.errors, 1U);
  EXPECT_EQ(measured.first_error, "refused");
}

TEST_F(LoadClientTest, NoConnectionIsNoMeasurement) {
  behaviour_.refuse = 1;
  EXPECT_EQ(TryToRun().status(), absl::UnavailableError("refused"));
}

TEST_F(LoadClientTest, MessagesAreDueWhenThePacerSays) {
  AskAtRate(1000);
  const Measurement measured = Run();
  EXPECT_EQ(measured.messages, 100U);
  EXPECT_DOUBLE_EQ(measured.asked_rate, 1000);
  EXPECT_EQ(measured.latency.count(), 100U);
  EXPECT_EQ(measured.latency.max(), 10'000);
  EXPECT_EQ(measured.blocked.max(), 0);
}

// The server takes 100,000 per second.
TEST_F(LoadClientTest, ARateThatIsTooHighShows) {
  behaviour_.room = 10;
  AskAtRate(200'000);
  const Measurement measured = Run();
  EXPECT_NEAR(static_cast<double>(measured.messages), 10'000, 10);
  EXPECT_NEAR(measured.asked_rate, 200'000, 20);
  // What was due at the end waits as long as what was due since takes.
  EXPECT_NEAR(static_cast<double>(measured.blocked.max()), 55e6, 1e6);
  EXPECT_EQ(measured.faults.Total(), 0U);
}

// A server that stops for S while messages come at rate R makes R * S of them
// wait, evenly from 0 to S.
TEST_F(LoadClientTest, AStallShowsInTheTailAsComputed) {
  constexpr double kRate = 10'000;
  constexpr double kStallNs = 100e6;
  spec_.duration = absl::Seconds(2);
  spec_.stall = absl::Nanoseconds(kStallNs);
  AskAtRate(kRate);
  behaviour_.room = 100'000;
  behaviour_.service_ns = 1000;
  const Measurement measured = Run();
  EXPECT_EQ(measured.latency.count(), 20'000U);
  EXPECT_EQ(measured.messages, 20'000U);
  for (const double percentile : {96.0, 97.0, 98.0, 99.0, 99.5, 99.9}) {
    const double above = (1 - percentile / 100) * 20'000;
    const double expected = kStallNs - above / kRate * 1e9;
    EXPECT_NEAR(static_cast<double>(measured.latency.ValueAt(percentile)),
                expected, 0.05 * expected)
        << percentile;
  }
  EXPECT_NEAR(static_cast<double>(measured.latency.max()), kStallNs,
              0.05 * kStallNs);
  EXPECT_LT(measured.latency.ValueAt(94), 100'000);
}

// The same where it is not the server's queue that they wait in.
TEST_F(LoadClientTest, AStallShowsAlsoIfTheConnectionTakesNothing) {
  spec_.duration = absl::Seconds(2);
  spec_.stall = absl::Milliseconds(100);
  spec_.window = 1;
  AskAtRate(10'000);
  behaviour_.service_ns = 1000;
  const Measurement measured = Run();
  EXPECT_NEAR(static_cast<double>(measured.latency.ValueAt(99)), 80e6, 4e6);
  EXPECT_NEAR(static_cast<double>(measured.blocked.ValueAt(99)), 80e6, 4e6);
}

TEST_F(LoadClientTest, MissingAnswersAreLost) {
  behaviour_.skip = 50;
  spec_.window = 2;
  const Measurement measured = Run();
  EXPECT_EQ(measured.faults.Total(), measured.faults.lost);
  EXPECT_EQ(measured.faults.lost, 2U);  // A gap, and one never answered.
}

TEST_F(LoadClientTest, RepeatedAnswersAreFound) {
  behaviour_.repeat = 50;
  const Measurement measured = Run();
  EXPECT_EQ(measured.faults.duplicated, 1U);
  EXPECT_EQ(measured.faults.Total(), 1U);
}

TEST_F(LoadClientTest, AnswersOutOfOrderAreFound) {
  behaviour_.swap = 50;
  spec_.window = 4;
  const Measurement measured = Run();
  EXPECT_EQ(measured.faults.reordered, 1U);
  EXPECT_EQ(measured.faults.Total(), 1U);
}

TEST_F(LoadClientTest, WrongAnswersAreFound) {
  behaviour_.spoil = 50;
  const Measurement measured = Run();
  EXPECT_EQ(measured.faults.corrupted, 1U);
  EXPECT_EQ(measured.faults.Total(), 1U);
}

TEST_F(LoadClientTest, ALostConnectionEndsTheRun) {
  behaviour_.cut_off = 50;
  EXPECT_EQ(TryToRun().status(), absl::CancelledError("disconnect"));
}

TEST_F(LoadClientTest, AnInterruptLeavesWhatThereIs) {
  std::atomic<bool> interrupted = false;
  hooks_.interrupted = &interrupted;
  hooks_.on_interval = [&](const Interval&) { interrupted = true; };
  spec_.interval = absl::Milliseconds(20);
  spec_.duration = absl::Hours(1);
  const Measurement measured = Run();
  EXPECT_TRUE(measured.interrupted);
  EXPECT_GE(measured.messages, 2000U);
  EXPECT_LT(measured.duration, absl::Milliseconds(30));
}

}  // namespace
}  // namespace ringdist
