// The definitions of LoadClient (load_client.h).

#ifndef RINGDIST_BENCH_LOAD_LOAD_CLIENT_INL_H_
#define RINGDIST_BENCH_LOAD_LOAD_CLIENT_INL_H_

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ringdist/bench/load/load_client.h"
#include "ringdist/proto/big_endian.h"

namespace ringdist {
namespace internal_load {

// Handshakes under way while connections are opened: more only wait for each
// other.
inline constexpr size_t kDialsAtOnce = 64;
// How long an answer may take when there is nothing else to wait for.
inline constexpr absl::Duration kPatience = absl::Seconds(10);
// How long a turn may take, for interrupts to be seen.
inline constexpr absl::Duration kLongestTurn = absl::Milliseconds(100);

// What failed at once is tried again after this.
inline constexpr absl::Duration kPauseAfterFailure = absl::Milliseconds(1);

// The largest payload that goes out.
inline size_t LargestPayload(const PayloadMix& sizes,
                             const PayloadMix& flood_sizes) {
  return std::max(sizes.LargestBytes(), flood_sizes.LargestBytes());
}

}  // namespace internal_load

template <template <typename, typename> class T>
LoadClient<T>::LoadClient(const LoadSpec& spec, Peer kind,
                          const RunHooks& hooks)
    : spec_(spec),
      hooks_(hooks),
      plan_(MakeLoadPlan(spec)),
      sizes_(spec.payload, spec.seed),
      flood_sizes_(FloodPayload(spec), spec.seed),
      payloads_(spec.verify,
                internal_load::LargestPayload(sizes_, flood_sizes_)),
      transport_(spec, kind, *this) {}

template <template <typename, typename> class T>
absl::StatusOr<Measurement> LoadClient<T>::Run() {
  absl::Status status = Begin();
  if (status.ok()) status = Measure();
  if (status.ok()) status = Settle();
  if (!status.ok()) return status;
  return Finish();
}

// 1. Opening.

template <template <typename, typename> class T>
absl::Status LoadClient<T>::Begin() {
  absl::Status status = transport_.Prepare();
  if (!status.ok()) return status;
  now_ns_ = heard_ns_ = transport_.Now();
  transport_.At(0).state.is_first = true;
  if (plan_.idles || plan_.connects) status = Open(1);
  if (!plan_.connects) {
    return status.ok() ? Open(static_cast<size_t>(spec_.connections)) : status;
  }
  if (status.ok()) transport_.HangUp(transport_.At(0));
  while (status.ok() && open_ > 0) status = Turn(WakeUpTime(), true);
  return status;
}

template <template <typename, typename> class T>
absl::Status LoadClient<T>::Open(size_t count) {
  for (size_t next = 0; open_ < count;) {
    for (; next < count && dialling_ < internal_load::kDialsAtOnce; ++next) {
      Connection& connection = transport_.At(next);
      if (connection.state.phase == Phase::kDown) Dial(connection);
    }
    absl::Status status = failure_.ok() ? Turn(WakeUpTime(), true) : failure_;
    if (!status.ok()) return status;
    if (hooks_.interrupted != nullptr && *hooks_.interrupted) {
      return absl::CancelledError("interrupted while connecting");
    }
  }
  return absl::OkStatus();
}

template <template <typename, typename> class T>
void LoadClient<T>::Dial(Connection& connection) {
  connection.state.phase = Phase::kDialling;
  ++dialling_;
  transport_.Dial(connection);
}

template <template <typename, typename> class T>
void LoadClient<T>::OnUp(Connection& connection) {
  if (stage_ != Stage::kOpening) return CountHandshake(connection);
  if (!Talks(connection)) return BecomeOpen(connection);
  connection.state.phase = Phase::kOpening;
  transport_.Send(connection, MessageType::kReport, 0, "",
                  PayloadLife::kForever);
}

template <template <typename, typename> class T>
bool LoadClient<T>::Talks(const Connection& connection) const {
  return !plan_.idles || connection.state.is_first;
}

template <template <typename, typename> class T>
void LoadClient<T>::BecomeOpen(Connection& connection) {
  connection.state.phase = Phase::kOpen;
  --dialling_;
  ++open_;
}

template <template <typename, typename> class T>
void LoadClient<T>::OnDown(Connection& connection, const absl::Status& reason) {
  ClientState& state = connection.state;
  switch (std::exchange(state.phase, Phase::kDown)) {
    case Phase::kDown:
      return;
    case Phase::kDialling:
    case Phase::kOpening:
      --dialling_;
      if (stage_ == Stage::kOpening) failure_ = reason;
      if (stage_ != Stage::kOpening) OnFailed(connection, state.asked, reason);
      return;
    case Phase::kOpen:
      --open_;
      if (plan_.connects) return MakeAskable(connection);
      failure_ = reason;
      if (recorder_.has_value()) recorder_->Failed(reason);
      outstanding_ -= state.outstanding.size();
      state.outstanding = Outstanding();
  }
}

// 2. Measuring.

template <template <typename, typename> class T>
absl::Status LoadClient<T>::Measure() {
  stage_ = Stage::kMeasuring;
  start_ns_ = now_ns_ = heard_ns_ = transport_.Now();
  recorder_.emplace(spec_, hooks_, start_ns_);
  BeginLoad();
  while (true) {
    Step();
    if (IsMeasured()) return absl::OkStatus();
    // What is counted is told on the first connection.
    if (!plan_.connects && transport_.At(0).state.phase == Phase::kDown) {
      return failure_;
    }
    absl::Status status = Turn(WakeUpTime(), recorder_->over());
    if (!status.ok()) return status;
  }
}

template <template <typename, typename> class T>
void LoadClient<T>::BeginLoad() {
  if (spec_.arrival != Arrival::kClosed) {
    pacer_.emplace(spec_);
    due_ns_ = start_ns_ + pacer_->Next();
  }
  char size[sizeof(uint32_t)];
  StoreBigEndian<uint32_t>(size, static_cast<uint32_t>(sizes_.LargestBytes()));
  for (size_t i = 0; i < static_cast<size_t>(spec_.connections); ++i) {
    Connection& connection = transport_.At(i);
    if (plan_.asks.has_value() || plan_.connects) MakeAskable(connection);
    if (plan_.floods) floodable_.push_back(&connection);
    if (plan_.receives) {
      transport_.Send(connection, MessageType::kFlood, 0, {size, sizeof(size)},
                      PayloadLife::kThisCall);
    }
  }
}

template <template <typename, typename> class T>
bool LoadClient<T>::IsMeasured() const {
  return recorder_->over() && owed_.empty() && reports_awaited_ == 0;
}

template <template <typename, typename> class T>
void LoadClient<T>::Step() {
  if (hooks_.interrupted != nullptr && *hooks_.interrupted) {
    recorder_->Interrupt(now_ns_);
  }
  const int64_t middle_ns =
      recorder_->begin_ns() + absl::ToInt64Nanoseconds(spec_.duration / 2);
  if (spec_.stall > absl::ZeroDuration() && !has_stalled_ &&
      now_ns_ >= middle_ns) {
    has_stalled_ = true;
    owed_.push_back(MessageType::kStall);
  }
  if (recorder_->TakeCut(now_ns_)) OnCutDue();
  SendOwed();
  // What was due before the end is sent, if late.
  if (is_open_loop()) AskOpen();
  if (recorder_->over()) return;
  if (!is_open_loop()) AskClosed();
  Flood();
}

template <template <typename, typename> class T>
void LoadClient<T>::OnCutDue() {
  const bool is_first = !counters_.has_begun();
  const bool is_last = recorder_->over();
  if (is_first) counters_.Begin(transport_.counts());
  if (is_last) counters_.End(transport_.counts());
  if (!plan_.server_counts()) recorder_->Cut(now_ns_, totals_);
  if (plan_.connects) return;  // There may be no connection at all.
  if (plan_.server_counts() || is_first || is_last) {
    owed_.push_back(MessageType::kReport);
  }
}

template <template <typename, typename> class T>
void LoadClient<T>::SendOwed() {
  Connection& first = transport_.At(0);
  for (; !owed_.empty(); owed_.pop_front()) {
    const bool is_report = owed_.front() == MessageType::kReport;
    const uint64_t number =
        is_report
            ? first.state.sent
            : static_cast<uint64_t>(absl::ToInt64Nanoseconds(spec_.stall));
    if (!transport_.Send(first, owed_.front(), number, "",
                         PayloadLife::kForever)) {
      return;
    }
    if (is_report) ++reports_awaited_;
  }
}

template <template <typename, typename> class T>
void LoadClient<T>::MakeAskable(Connection& connection) {
  if (std::exchange(connection.state.is_askable, true)) return;
  askable_.push_back(&connection);
}

template <template <typename, typename> class T>
bool LoadClient<T>::MayAsk(const Connection& connection) const {
  const ClientState& state = connection.state;
  return state.outstanding.size() < plan_.window &&
         state.phase == (plan_.connects ? Phase::kDown : Phase::kOpen);
}

template <template <typename, typename> class T>
void LoadClient<T>::AskClosed() {
  // Those only that are there now: what fails at once comes back.
  for (size_t left = askable_.size(); left > 0; --left) {
    Connection& connection = *askable_.front();
    askable_.pop_front();
    connection.state.is_askable = false;
    // One handshake at a time; and if it fails at once, not for ever.
    while (MayAsk(connection) && AskOn(connection, now_ns_) &&
           !plan_.connects) {
    }
  }
}

// A message goes to the next connection in turn that takes it.
template <template <typename, typename> class T>
void LoadClient<T>::AskOpen() {
  while (due_ns_ <= std::min(now_ns_, recorder_->end_ns() - 1) &&
         !askable_.empty()) {
    Connection& connection = *askable_.front();
    askable_.pop_front();
    connection.state.is_askable = false;
    if (!MayAsk(connection) || !AskOn(connection, due_ns_)) continue;
    recorder_->Sent(due_ns_, now_ns_);
    MakeAskable(connection);
    due_ns_ = start_ns_ + pacer_->Next();
  }
}

template <template <typename, typename> class T>
bool LoadClient<T>::AskOn(Connection& connection, int64_t due_ns) {
  ClientState& state = connection.state;
  uint64_t& last = AcksAreData() ? state.sent : state.asked;
  const uint64_t number = last + 1;
  if (!plan_.connects &&
      !transport_.Send(connection, *plan_.asks, number,
                       payloads_.Of(number, sizes_.BytesOf(number)),
                       PayloadLife::kForever)) {
    return false;
  }
  last = number;
  state.outstanding.Add(due_ns);
  ++outstanding_;
  if (plan_.connects) Dial(connection);
  return true;
}

template <template <typename, typename> class T>
void LoadClient<T>::Flood() {
  flooding_.swap(floodable_);
  for (Connection* const connection : flooding_) {
    uint64_t number = connection->state.sent + 1;
    while (transport_.Send(*connection, MessageType::kData, number,
                           payloads_.Of(number, flood_sizes_.BytesOf(number)),
                           PayloadLife::kForever)) {
      ++number;
    }
    connection->state.sent = number - 1;
  }
  flooding_.clear();
}

template <template <typename, typename> class T>
void LoadClient<T>::OnWritable(Connection& connection) {
  if (plan_.asks.has_value()) MakeAskable(connection);
  if (plan_.floods) floodable_.push_back(&connection);
}

// Answers.

template <template <typename, typename> class T>
void LoadClient<T>::OnMessage(Connection& connection, MessageType type,
                              uint64_t number, absl::string_view payload) {
  heard_ = true;
  switch (type) {
    case MessageType::kData:
      return connection.state.check.Take(number, payload, payloads_, totals_);
    case MessageType::kReport:
      return OnReport(connection, payload);
    default:
      if (recorder_.has_value()) CountAnswer(connection, type, number, payload);
  }
}

template <template <typename, typename> class T>
void LoadClient<T>::OnReport(Connection& connection,
                             absl::string_view payload) {
  const std::optional<ServerReport> report = DecodeReport(payload);
  if (!report.has_value()) return;
  if (connection.state.phase == Phase::kOpening) {
    BecomeOpen(connection);
    if (connection.state.is_first) counters_.Opened(*report);
    return;
  }
  if (reports_awaited_ > 0) --reports_awaited_;
  if (stage_ == Stage::kSettling) return counters_.Settled(*report);
  counters_.Cut(*report);
  if (plan_.server_counts()) {
    recorder_->Cut(static_cast<int64_t>(report->time_ns), report->totals());
  }
}

template <template <typename, typename> class T>
void LoadClient<T>::CountAnswer(Connection& connection, MessageType type,
                                uint64_t number, absl::string_view payload) {
  ClientState& state = connection.state;
  const std::optional<int64_t> due_ns = state.outstanding.Take(number);
  if (type == MessageType::kEcho) {
    state.check.Take(number, payload, payloads_, totals_);
  } else if (type == MessageType::kAck) {
    state.check.Take(number, sizes_.BytesOf(number), true, totals_);
  } else if (due_ns.has_value()) {  // Calls are answered in any order.
    ++totals_.messages;
    totals_.bytes += payload.size();
    if (!payloads_.Match(number, payload)) ++totals_.faults.corrupted;
  }
  if (!due_ns.has_value()) return;
  --outstanding_;
  recorder_->Answered(*due_ns, TurnTime());
  MakeAskable(connection);
}

template <template <typename, typename> class T>
void LoadClient<T>::CountHandshake(Connection& connection) {
  ClientState& state = connection.state;
  heard_ = true;
  BecomeOpen(connection);
  ++totals_.messages;
  const std::optional<int64_t> due_ns = state.outstanding.Take(state.asked);
  --outstanding_;
  recorder_->Answered(*due_ns, TurnTime());
  transport_.HangUp(connection);
}

template <template <typename, typename> class T>
void LoadClient<T>::OnFailed(Connection& connection, uint64_t number,
                             const absl::Status& reason) {
  if (!connection.state.outstanding.Take(number).has_value()) return;
  --outstanding_;
  heard_ = true;
  recorder_->Failed(reason);
  MakeAskable(connection);
}

// 3. Settling.

template <template <typename, typename> class T>
absl::Status LoadClient<T>::Settle() {
  stage_ = Stage::kSettling;
  heard_ns_ = now_ns_;
  absl::Status status;
  while (outstanding_ > 0 && !absl::IsDeadlineExceeded(status)) {
    status = Turn(WakeUpTime(), true);
    if (!status.ok() && !absl::IsDeadlineExceeded(status)) return status;
  }
  if (!plan_.connects) return TakeLastReports();
  for (status = absl::OkStatus(); status.ok() && open_ > 0;) {
    status = Turn(WakeUpTime(), true);
  }
  stage_ = Stage::kOpening;
  return status.ok() ? Open(1) : status;
}

template <template <typename, typename> class T>
absl::Status LoadClient<T>::TakeLastReports() {
  std::vector<Connection*> left;
  for (size_t i = 0; i < static_cast<size_t>(spec_.connections); ++i) {
    left.push_back(&transport_.At(i));
  }
  const auto has_asked = [this](Connection* connection) {
    if (connection->state.phase != Phase::kOpen || !Talks(*connection)) {
      return true;
    }
    if (!transport_.Send(*connection, MessageType::kReport,
                         connection->state.sent, "", PayloadLife::kForever)) {
      return false;
    }
    ++reports_awaited_;
    return true;
  };
  heard_ns_ = now_ns_;
  while (!left.empty() || reports_awaited_ > 0) {
    left.erase(std::remove_if(left.begin(), left.end(), has_asked), left.end());
    const absl::Status status = Turn(WakeUpTime(), true);
    if (absl::IsDeadlineExceeded(status)) {
      recorder_->Failed(status);
      return absl::OkStatus();
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

template <template <typename, typename> class T>
absl::StatusOr<Measurement> LoadClient<T>::Finish() {
  if (!recorder_->has_measured()) {
    return absl::CancelledError("interrupted before the measured time began");
  }
  // What was due and could not even be sent.
  for (; is_open_loop() && due_ns_ < recorder_->end_ns();
       due_ns_ = start_ns_ + pacer_->Next()) {
    recorder_->Sent(due_ns_, recorder_->end_ns());
  }
  Measurement& measurement = recorder_->measurement();
  measurement.faults = totals_.faults;
  measurement.faults.lost += outstanding_;
  counters_.AddTo(spec_, plan_, measurement);
  return std::move(measurement);
}

// Time.

template <template <typename, typename> class T>
absl::Status LoadClient<T>::Turn(int64_t until_ns, bool awaited) {
  // Sending took its time; who waits for a moment has to know.
  if (is_open_loop()) now_ns_ = transport_.Now();
  turn_is_timed_ = false;
  const uint64_t messages = totals_.messages;
  absl::Status status = transport_.Turn(
      absl::Nanoseconds(std::max<int64_t>(until_ns - now_ns_, 0)));
  if (!status.ok()) return status;
  if (!turn_is_timed_) now_ns_ = transport_.Now();
  if (std::exchange(heard_, false) || totals_.messages > messages) {
    heard_ns_ = now_ns_;
  }
  if (!awaited || now_ns_ - heard_ns_ <
                      absl::ToInt64Nanoseconds(internal_load::kPatience)) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the server has not answered for ",
                   absl::FormatDuration(internal_load::kPatience)));
}

template <template <typename, typename> class T>
int64_t LoadClient<T>::WakeUpTime() const {
  int64_t until_ns =
      now_ns_ + absl::ToInt64Nanoseconds(internal_load::kLongestTurn);
  if (stage_ != Stage::kMeasuring) return until_ns;
  if (recorder_->over()) return until_ns;
  until_ns = std::min(until_ns, recorder_->next_cut_ns());
  if (askable_.empty()) return until_ns;
  return std::min(until_ns,
                  is_open_loop()
                      ? due_ns_
                      : now_ns_ + absl::ToInt64Nanoseconds(
                                      internal_load::kPauseAfterFailure));
}

template <template <typename, typename> class T>
int64_t LoadClient<T>::TurnTime() {
  if (!std::exchange(turn_is_timed_, true)) now_ns_ = transport_.Now();
  return now_ns_;
}

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_LOAD_CLIENT_INL_H_
