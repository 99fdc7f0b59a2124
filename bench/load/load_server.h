// LoadServer: the end that is measured, over any transport (transport.h): it
// checks and counts what comes, answers what is to be answered, and sends what
// it is asked for (messages.h).

#ifndef RINGDIST_BENCH_LOAD_LOAD_SERVER_H_
#define RINGDIST_BENCH_LOAD_LOAD_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/arrival_check.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/payloads.h"
#include "ringdist/bench/load/process_usage.h"
#include "ringdist/bench/load/transport.h"
#include "ringdist/proto/big_endian.h"

namespace ringdist {

// Of one connection.
struct ServerState {
  struct Answer {
    MessageType type;
    uint64_t number;
    std::string payload;
  };

  ArrivalCheck check;
  std::list<Answer> owed;   // There was no room for them.
  uint64_t flood_next = 1;  // The number of the next message wanted,
  uint64_t flood_last = 0;  // and of the last one.
  size_t flood_bytes = 0;
};

template <template <typename, typename> class TransportOf>
class LoadServer {
 public:
  using Transport = TransportOf<LoadServer, ServerState>;
  using Connection = typename Transport::Connection;

  LoadServer(const LoadSpec& spec, Peer kind)
      : slow_consumer_(spec.slow_consumer),
        payloads_(spec.verify, spec.workload == Workload::kFanOut
                                   ? spec.payload.front().bytes
                                   : 0),
        transport_(spec, kind, *this) {}

  Transport& transport() { return transport_; }

  // The transport's user.
  void OnUp(Connection&) {}
  void OnDown(Connection&, const absl::Status&) {}
  void OnWritable(Connection& connection) {
    ServerState& state = connection.state;
    while (!state.owed.empty()) {
      const ServerState::Answer& answer = state.owed.front();
      if (!transport_.Send(connection, answer.type, answer.number,
                           answer.payload, PayloadLife::kThisCall)) {
        return;
      }
      state.owed.pop_front();
    }
    Flood(connection);
  }
  bool TakeData(Connection& connection, uint64_t number,
                absl::string_view payload) {
    return !is_slow_ &&
           connection.state.check.TakeNext(number, payload, payloads_, totals_);
  }
  void OnMessage(Connection& connection, MessageType type, uint64_t number,
                 absl::string_view payload) {
    if (type != MessageType::kData) {
      return OnRequest(connection, type, number, payload);
    }
    connection.state.check.Take(number, payload, payloads_, totals_);
    BeSlow();
  }
  void OnPart(Connection& connection, uint64_t number, size_t bytes,
              size_t offset, absl::string_view part) {
    connection.state.check.TakePart(number, bytes, offset, part, payloads_,
                                    totals_);
    if (offset + part.size() == bytes) BeSlow();
  }

 private:
  void OnRequest(Connection& connection, MessageType type, uint64_t number,
                 absl::string_view payload) {
    switch (type) {
      case MessageType::kEcho:
        return Answer(connection, type, number, payload);
      case MessageType::kAck:
        connection.state.check.Take(number, payload, payloads_, totals_);
        BeSlow();
        return Answer(connection, type, number, "");
      case MessageType::kReport:
        number == 0 ? connection.state.check.Restart()
                    : connection.state.check.Expect(number, totals_);
        return Answer(connection, type, number, EncodeReport(Report()));
      case MessageType::kFlood:
        return BeginFlood(connection, number, payload);
      case MessageType::kStall:
        return absl::SleepFor(absl::Nanoseconds(number));
      case MessageType::kData:
      case MessageType::kCall:
        return;
    }
  }

  void BeSlow() {
    if (is_slow_) absl::SleepFor(slow_consumer_);
  }

  void Answer(Connection& connection, MessageType type, uint64_t number,
              absl::string_view payload) {
    if (connection.state.owed.empty() &&
        transport_.Send(connection, type, number, payload,
                        PayloadLife::kThisCall)) {
      return;
    }
    connection.state.owed.push_back({type, number, std::string(payload)});
  }

  void BeginFlood(Connection& connection, uint64_t count,
                  absl::string_view payload) {
    if (payload.size() != sizeof(uint32_t)) return;
    ServerState& state = connection.state;
    state.flood_next = 1;
    state.flood_last =
        count == 0 ? std::numeric_limits<uint64_t>::max() : count;
    state.flood_bytes = LoadBigEndian<uint32_t>(payload.data());
    if (state.owed.empty()) Flood(connection);
  }
  void Flood(Connection& connection) {
    ServerState& state = connection.state;
    uint64_t number = state.flood_next;
    while (number <= state.flood_last &&
           transport_.Send(connection, MessageType::kData, number,
                           payloads_.Of(number, state.flood_bytes),
                           PayloadLife::kForever)) {
      ++number;
    }
    state.flood_next = number;
  }

  ServerReport Report() const {
    const EngineCounts counts = transport_.counts();
    ServerReport report;
    report.time_ns = static_cast<uint64_t>(transport_.Now());
    report.SetTotals(totals_);
    report.enters = counts.enters;
    report.completions = counts.completions;
    report.cpu_ns = ProcessCpuNs();
    report.memory_bytes = ResidentBytes();
    return report;
  }

  const absl::Duration slow_consumer_;
  const bool is_slow_ = slow_consumer_ > absl::ZeroDuration();
  const Payloads payloads_;
  Totals totals_;
  Transport transport_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_SERVER_H_
