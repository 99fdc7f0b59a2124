// VirtualTransport: a transport (bench/load/transport.h) whose target and whose
// clock are numbers, so that a LoadClient can be tested without time: a run
// gives the same figures each time, on any machine.
//
// The target takes messages in order, each in spec.slow_consumer; if that is
// zero, in 10 us and a random 4 us more on average. It stops when it is told
// to.

#ifndef RINGDIST_TESTS_BENCH_VIRTUAL_TRANSPORT_H_
#define RINGDIST_TESTS_BENCH_VIRTUAL_TRANSPORT_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <random>
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
class VirtualTransport {
 public:
  struct Connection {
    State state;
  };

  VirtualTransport(const LoadSpec& spec, Peer, User& user)
      : user_(user),
        service_ns_(absl::ToInt64Nanoseconds(spec.slow_consumer)),
        random_(spec.seed),
        connections_(static_cast<size_t>(spec.connections)) {}

  absl::Status Prepare() { return absl::OkStatus(); }
  Connection& At(size_t index) { return connections_[index]; }
  void Dial(Connection& connection) {
    events_.push_back({Serve(), Event::Kind::kUp, &connection});
  }
  void HangUp(Connection& connection) {
    user_.OnDown(connection, absl::CancelledError("disconnect"));
  }

  bool Send(Connection& connection, MessageType type, uint64_t number,
            absl::string_view payload, PayloadLife) {
    if (type == MessageType::kData && free_ns_ - now_ns_ > kMostQueuedNs) {
      refused_.push_back(&connection);
      return false;
    }
    if (type == MessageType::kStall) {
      free_ns_ = std::max(free_ns_, now_ns_) + static_cast<int64_t>(number);
      return true;
    }
    const bool is_report = type == MessageType::kReport;
    const int64_t done_ns = is_report ? std::max(free_ns_, now_ns_) : Serve();
    events_.push_back(
        {done_ns, Event::Kind::kMessage, &connection, type, number, payload});
    return true;
  }

  // All that happens next, or until `max_wait` is over.
  absl::Status Turn(absl::Duration max_wait) {
    int64_t until_ns = now_ns_ + absl::ToInt64Nanoseconds(max_wait);
    if (!events_.empty()) {
      until_ns = std::min(until_ns, events_.front().done_ns);
    }
    if (!refused_.empty()) {
      until_ns = std::min(until_ns, free_ns_ - kMostQueuedNs / 2);
    }
    now_ns_ = std::max(now_ns_, until_ns);
    // What these cause is for the next turn.
    for (size_t left = events_.size(); left > 0; --left) {
      if (events_.front().done_ns > now_ns_) break;
      const Event event = events_.front();
      events_.pop_front();
      Tell(event);
    }
    if (free_ns_ - now_ns_ <= kMostQueuedNs / 2) {
      for (Connection* connection : std::exchange(refused_, {})) {
        user_.OnWritable(*connection);
      }
    }
    return absl::OkStatus();
  }

  int64_t Now() { return now_ns_; }
  EngineCounts counts() { return {}; }

 private:
  // Of data, which nobody answers; what is asked may wait for ever.
  static constexpr int64_t kMostQueuedNs = 100'000;

  struct Event {
    enum class Kind { kUp, kMessage };
    int64_t done_ns = 0;
    Kind kind = Kind::kUp;
    Connection* connection = nullptr;
    MessageType type = MessageType::kData;
    uint64_t number = 0;
    absl::string_view payload;
  };

  // When the target is done with a message that is sent now.
  int64_t Serve() {
    int64_t service_ns = service_ns_;
    if (service_ns == 0) {
      const double uniform = static_cast<double>(random_() >> 11) * 0x1p-53;
      service_ns = 10'000 + std::llround(-4'000 * std::log1p(-uniform));
    }
    return free_ns_ = std::max(free_ns_, now_ns_) + service_ns;
  }

  void Tell(const Event& event) {
    if (event.kind == Event::Kind::kUp) return user_.OnUp(*event.connection);
    const auto answer = [&](absl::string_view payload) {
      user_.OnMessage(*event.connection, event.type, event.number, payload);
    };
    switch (event.type) {
      case MessageType::kData:
        ++report_.messages;
        report_.bytes += event.payload.size();
        return;
      case MessageType::kReport:
        report_.time_ns = static_cast<uint64_t>(now_ns_);
        return answer(EncodeReport(report_));
      case MessageType::kAck:
        return answer("");
      default:
        return answer(event.payload);
    }
  }

  User& user_;
  const int64_t service_ns_;
  std::mt19937_64 random_;
  std::deque<Connection> connections_;
  std::deque<Event> events_;  // In the order in which they are done.
  std::vector<Connection*> refused_;
  int64_t now_ns_ = 0;
  int64_t free_ns_ = 0;  // When the target has done all that it has.
  ServerReport report_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_BENCH_VIRTUAL_TRANSPORT_H_
