// LoadClient: generates a load over any transport (transport.h) and measures
// it.
//
//   LoadClient<UringTransport> client(spec, Peer::kUring, hooks);
//   absl::StatusOr<Measurement> measurement = client.Run();
//
// The life of a run
//   1. Open    connections come up, and the server answers on each
//   2. Measure warm-up and measured time: messages go out as the plan says
//   3. Settle  answers that are still to come, and the last reports
// A message is due when the pacer says so, or in a closed loop when there is
// room for it. Answers are timed once per turn, when it has received.

#ifndef RINGDIST_BENCH_LOAD_LOAD_CLIENT_H_
#define RINGDIST_BENCH_LOAD_LOAD_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/bench/load/arrival_check.h"
#include "ringdist/bench/load/load_plan.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/messages.h"
#include "ringdist/bench/load/outstanding.h"
#include "ringdist/bench/load/pacer.h"
#include "ringdist/bench/load/payload_mix.h"
#include "ringdist/bench/load/payloads.h"
#include "ringdist/bench/load/recorder.h"
#include "ringdist/bench/load/run_counters.h"
#include "ringdist/bench/load/run_hooks.h"
#include "ringdist/bench/load/transport.h"

namespace ringdist {

// Of one connection.
struct ClientState {
  enum class Phase {
    kDown,
    kDialling,  // Until it is up.
    kOpening,   // Until the server has answered.
    kOpen,
  };

  Phase phase = Phase::kDown;
  bool is_first = false;    // On which reports are asked for.
  bool is_askable = false;  // In that list.
  uint64_t sent = 0;        // Data and acks.
  uint64_t asked = 0;       // Echoes, calls and handshakes.
  Outstanding outstanding;
  ArrivalCheck check;  // Of answers, or of a flood.
};

template <template <typename, typename> class TransportOf>
class LoadClient {
 public:
  using Transport = TransportOf<LoadClient, ClientState>;
  using Connection = typename Transport::Connection;

  // `hooks` outlive it.
  LoadClient(const LoadSpec& spec, Peer kind, const RunHooks& hooks);

  // Once. An error means that there was no measured time.
  absl::StatusOr<Measurement> Run();

  Transport& transport() { return transport_; }

  // The transport's user.
  void OnUp(Connection& connection);
  void OnDown(Connection& connection, const absl::Status& reason);
  void OnWritable(Connection& connection);
  bool TakeData(Connection& connection, uint64_t number,
                absl::string_view payload) {
    return connection.state.check.TakeNext(number, payload, payloads_, totals_);
  }
  void OnMessage(Connection& connection, MessageType type, uint64_t number,
                 absl::string_view payload);
  void OnPart(Connection& connection, uint64_t number, size_t bytes,
              size_t offset, absl::string_view part) {
    connection.state.check.TakePart(number, bytes, offset, part, payloads_,
                                    totals_);
  }
  // A call came to nothing.
  void OnFailed(Connection& connection, uint64_t number,
                const absl::Status& reason);

 private:
  using Phase = ClientState::Phase;
  enum class Stage { kOpening, kMeasuring, kSettling };

  // 1.
  absl::Status Begin();
  // Opens all connections up to this index.
  absl::Status Open(size_t count);
  void Dial(Connection& connection);
  void BecomeOpen(Connection& connection);
  // Whether anything is sent on it: not even a report where nothing but being
  // up is measured.
  bool Talks(const Connection& connection) const;

  // 2.
  absl::Status Measure();
  void BeginLoad();
  bool IsMeasured() const;
  // What is to be done at this time.
  void Step();
  void OnCutDue();
  void SendOwed();
  void AskClosed();
  void AskOpen();
  bool AskOn(Connection& connection, int64_t due_ns);
  bool MayAsk(const Connection& connection) const;
  void MakeAskable(Connection& connection);
  void Flood();

  void OnReport(Connection& connection, absl::string_view payload);
  void CountAnswer(Connection& connection, MessageType type, uint64_t number,
                   absl::string_view payload);
  void CountHandshake(Connection& connection);

  // 3.
  absl::Status Settle();
  absl::Status TakeLastReports();
  absl::StatusOr<Measurement> Finish();

  // One turn, which ends then, or when something has happened. If an answer is
  // `awaited` and none has come for too long: DeadlineExceeded.
  absl::Status Turn(int64_t until_ns, bool awaited);
  int64_t WakeUpTime() const;
  // When what comes in this turn was received.
  int64_t TurnTime();

  bool is_open_loop() const { return pacer_.has_value(); }
  bool AcksAreData() const { return plan_.asks == MessageType::kAck; }

  const LoadSpec spec_;
  const RunHooks& hooks_;
  const LoadPlan plan_;
  const PayloadMix sizes_;
  const PayloadMix flood_sizes_;
  const Payloads payloads_;
  std::optional<Pacer> pacer_;  // Of an open loop.
  std::optional<Recorder> recorder_;

  Stage stage_ = Stage::kOpening;
  size_t open_ = 0;       // Connections,
  size_t dialling_ = 0;   // and those that are to be.
  absl::Status failure_;  // Why one is not, or is no more.

  int64_t now_ns_ = 0;  // When the last turn received, or ended.
  bool turn_is_timed_ = false;
  bool heard_ = false;    // An answer came in this turn;
  int64_t heard_ns_ = 0;  // when one came last.
  int64_t start_ns_ = 0;  // Of the load.
  int64_t due_ns_ = 0;    // The next message of an open loop.

  std::deque<Connection*> askable_;     // There may be room for a message,
  std::vector<Connection*> floodable_;  // or for data.
  std::vector<Connection*> flooding_;
  std::deque<MessageType> owed_;  // To be sent on the first connection.
  size_t reports_awaited_ = 0;
  size_t outstanding_ = 0;  // Of all connections.
  bool has_stalled_ = false;

  Totals totals_;  // Of what this end counts.
  RunCounters counters_;
  // Goes first: until it is gone it may call back.
  Transport transport_;
};

}  // namespace ringdist

#include "ringdist/bench/load/load_client_inl.h"

#endif  // RINGDIST_BENCH_LOAD_LOAD_CLIENT_H_
