// NullTransport: a target that takes and answers at once, within the generator:
// what is measured with it is the generator's own cost (transport.h).

#ifndef RINGDIST_BENCH_LOAD_NULL_TRANSPORT_H_
#define RINGDIST_BENCH_LOAD_NULL_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/transport.h"

namespace ringdist {

template <typename User, typename State>
class NullTransport {
 public:
  struct Connection {
    State state;
    size_t room = 0;  // For so many messages until the next turn.
  };

  NullTransport(const LoadSpec& spec, Peer, User& user)
      : user_(user), connections_(static_cast<size_t>(spec.connections)) {}

  absl::Status Prepare() { return absl::OkStatus(); }
  Connection& At(size_t index) { return connections_[index]; }
  void Dial(Connection& connection) {
    connection.room = kRoom;
    user_.OnUp(connection);
  }
  void HangUp(Connection& connection) {
    user_.OnDown(connection, absl::CancelledError("disconnect"));
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    if (connection.room == 0) return false;
    if (--connection.room == 0) refused_.push_back(&connection);
    switch (type) {
      case MessageType::kData:
        ++report_.messages;
        report_.bytes += payload.size();
        break;
      case MessageType::kStall:
      case MessageType::kFlood:
        break;
      default:
        answers_.push_back({&connection, type, number, payload});
    }
    return true;
  }

  absl::Status Turn(absl::Duration) {
    // Answers may cause messages, which are for the next turn.
    giving_.swap(answers_);
    for (const Answer& answer : giving_) Give(answer);
    giving_.clear();
    for (Connection* connection : std::exchange(refused_, {})) {
      connection->room = kRoom;
      user_.OnWritable(*connection);
    }
    return absl::OkStatus();
  }

  static int64_t Now() { return MonotonicNow(); }
  static EngineCounts counts() { return {}; }

 private:
  static constexpr size_t kRoom = 4096;

  struct Answer {
    Connection* to;
    MessageType type;
    uint64_t number;
    absl::string_view payload;
  };

  void Give(const Answer& answer) {
    const auto give = [&](absl::string_view payload) {
      user_.OnMessage(*answer.to, answer.type, answer.number, payload);
    };
    switch (answer.type) {
      case MessageType::kReport:
        report_.time_ns = static_cast<uint64_t>(Now());
        return give(EncodeReport(report_));
      case MessageType::kAck:
        return give("");
      default:
        return give(answer.payload);
    }
  }

  User& user_;
  std::deque<Connection> connections_;
  std::vector<Answer> answers_;
  std::vector<Answer> giving_;
  std::vector<Connection*> refused_;
  ServerReport report_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_NULL_TRANSPORT_H_
