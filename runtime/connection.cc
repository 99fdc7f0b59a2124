#include "ringdist/runtime/connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ringdist/proto/check.h"
#include "ringdist/runtime/system_error.h"

namespace ringdist {

namespace {

// What is received first after a packet that went straight into its own memory:
// enough to see whether another such packet follows, of which less is then to
// be copied.
constexpr size_t kPeekBytes = 4 * 1024;

}  // namespace

Connection::Connection(Reactor& reactor, BlockPool& pool, int fd,
                       const ConnectionLimits& limits, Owner& owner)
    : engine_(reactor.engine()),
      limits_(limits),
      owner_(owner),
      fd_(fd),
      queue_(pool),
      flush_(reactor, ReactorCallback::To<&Connection::ArmSend>(this)),
      resume_(reactor, ReactorCallback::To<&Connection::DeliverKept>(this)),
      tell_closed_(reactor,
                   ReactorCallback::To<&Connection::TellClosed>(this)) {}

Connection::~Connection() { RINGDIST_CHECK(state_ == State::kClosed); }

void Connection::Start() { ArmReceive(); }

// Receiving.

void Connection::ArmReceive() {
  if (state_ != State::kOpen || inbound_ != Inbound::kFlowing ||
      receive_.in_flight() || receive_into_.in_flight()) {
    return;
  }
  const absl::Span<char> straight = owner_.StraightMemory();
  // Once begun it goes on to the packet's end, so that nothing of the next one
  // comes with it.
  if (straight.size() >= limits_.straight_receive_bytes ||
      (after_straight_ && !straight.empty())) {
    straight_begin_ = straight.data();
    engine_.ArmReceiveInto(receive_into_, fd_, straight);
  } else {
    received_since_armed_ = 0;
    engine_.ArmReceive(
        receive_, fd_,
        after_straight_ ? kPeekBytes : limits_.receive_budget_bytes);
    after_straight_ = false;
  }
}

void Connection::OnReceived(const Completion& completion) {
  if (ReceivedBytes(completion)) {
    received_since_armed_ += completion.data.size();
    if (capture_ != nullptr) {
      (*capture_)(capture_id_, CaptureDirection::kReceived, completion.data);
    }
    Deliver(completion.data);
  }
  if (state_ == State::kClosing) return ContinueClosing();
  // Where the engine does not keep to the limit, we do.
  const bool enough = inbound_ != Inbound::kFlowing ||
                      received_since_armed_ >= limits_.receive_budget_bytes;
  if (completion.more && enough && !engine_.ReceiveLimitIsExact()) {
    engine_.Cancel(receive_);
  }
  ArmReceive();
}

void Connection::OnReceivedInto(const Completion& completion) {
  if (ReceivedBytes(completion)) {
    const auto size = static_cast<size_t>(completion.result);
    if (capture_ != nullptr) {
      (*capture_)(capture_id_, CaptureDirection::kReceived,
                  absl::string_view(straight_begin_, size));
    }
    after_straight_ = true;
    owner_.OnReceivedStraight(size);
  }
  if (state_ == State::kClosing) return ContinueClosing();
  ArmReceive();
}

bool Connection::ReceivedBytes(const Completion& completion) {
  if (state_ != State::kOpen) return false;
  if (completion.result > 0) {
    received_bytes_ += static_cast<uint64_t>(completion.result);
    return true;
  }
  switch (-completion.result) {
    case ECANCELED:  // By us, for a pause.
    case ENOBUFS:    // The engine's memory is back when this turn is over.
    case EINTR:
    case EAGAIN:
      break;
    case 0:
      EndReceiving(absl::UnavailableError("connection_closed"));
      break;
    default:
      EndReceiving(SystemError("recv", "", -completion.result));
  }
  return false;
}

void Connection::Deliver(absl::string_view bytes) {
  if (inbound_ == Inbound::kFlowing) {
    owner_.OnReceived(bytes);
    if (bytes.empty()) return;
    inbound_ = Inbound::kPaused;
  }
  // 1. The bytes lie in the engine's memory, which is used again when this
  //    completion's method returns.
  // 2. From here on they are the connection's own.
  kept_.append(bytes.data(), bytes.size());
}

void Connection::Pause() {
  if (inbound_ == Inbound::kFlowing) inbound_ = Inbound::kPaused;
}

void Connection::Resume() { resume_.Schedule(); }

void Connection::DeliverKept() {
  if (state_ != State::kOpen) return;
  const Inbound before = inbound_;
  if (before == Inbound::kEnded) return;
  inbound_ = Inbound::kFlowing;
  // Also without bytes: the owner may hold a packet that it could not deliver.
  absl::string_view left = absl::string_view(kept_).substr(kept_taken_);
  owner_.OnReceived(left);
  kept_taken_ = kept_.size() - left.size();
  if (left.empty()) {
    kept_ = std::string();
    kept_taken_ = 0;
  } else {
    inbound_ = Inbound::kPaused;
  }
  if (state_ != State::kOpen) return;
  if (before != Inbound::kPausedAtEnd) return ArmReceive();
  inbound_ = Inbound::kPausedAtEnd;
  if (kept_.empty()) TellEnd();
}

void Connection::EndReceiving(absl::Status reason) {
  end_reason_ = std::move(reason);
  const bool all_delivered = kept_.empty();
  inbound_ = Inbound::kPausedAtEnd;
  if (all_delivered) TellEnd();
}

void Connection::TellEnd() {
  inbound_ = Inbound::kEnded;
  owner_.OnReceiveEnded(end_reason_);
}

// Sending.

void Connection::ArmSend() {
  queue_.RunReleases();
  if (state_ > State::kDraining || send_.in_flight() || queue_.empty()) return;
  const absl::Span<const iovec> slices = queue_.Gather();
  if (capture_ != nullptr) CaptureSent(slices);
  engine_.ArmSend(send_, fd_, slices);
}

void Connection::CaptureSent(absl::Span<const iovec> slices) {
  // What a send left over was told with it.
  size_t told = captured_;
  for (const iovec& slice : slices) {
    absl::string_view bytes(static_cast<const char*>(slice.iov_base),
                            slice.iov_len);
    const size_t skipped = std::min(told, bytes.size());
    told -= skipped;
    bytes.remove_prefix(skipped);
    if (bytes.empty()) continue;
    captured_ += bytes.size();
    (*capture_)(capture_id_, CaptureDirection::kSent, bytes);
  }
}

void Connection::OnSent(const Completion& completion) {
  if (state_ == State::kClosing) return ContinueClosing();
  if (completion.result >= 0) {
    sent_bytes_ += static_cast<uint64_t>(completion.result);
    if (capture_ != nullptr) {
      captured_ -= static_cast<size_t>(completion.result);
    }
    queue_.Consume(static_cast<size_t>(completion.result));
    if (state_ > State::kDraining) return;  // Closed by a release.
    owner_.OnSent();
  } else if (completion.result != -EINTR && completion.result != -EAGAIN) {
    queue_.Clear();
    captured_ = 0;
    if (state_ > State::kDraining) return;  // As above.
    owner_.OnSendFailed(SystemError("send", "", -completion.result));
  }
  ArmSend();
  if (state_ == State::kDraining && queue_.empty()) Close();
}

// Closing.

void Connection::CloseWhenSent() {
  if (state_ != State::kOpen) return;
  if (queue_.empty()) return Close();
  state_ = State::kDraining;
  Flush();
}

void Connection::Close() {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  state_ = State::kClosing;
  flush_.Unschedule();
  resume_.Unschedule();
  engine_.Shutdown(fd_);
  engine_.Cancel(receive_);
  engine_.Cancel(receive_into_);
  engine_.Cancel(send_);
  ContinueClosing();
}

void Connection::ContinueClosing() {
  if (receive_.in_flight() || receive_into_.in_flight() || send_.in_flight()) {
    return;
  }
  queue_.Clear();
  engine_.Close(fd_);
  state_ = State::kClosed;
  tell_closed_.Schedule();
}

void Connection::TellClosed() { owner_.OnClosed(); }

}  // namespace ringdist
