#include "ringdist/runtime/controller.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/proto/creation.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist {
namespace {

// How long a refused peer may take to receive the reason.
constexpr absl::Duration kLastWordsTime = absl::Seconds(1);

}  // namespace

Controller::Controller(Shared& shared, uint64_t id)
    : shared_(shared),
      id_(id),
      decoder_(shared.options.max_packet_bytes),
      tick_(shared.options.net_tickintensity),
      timer_(shared.reactor, ReactorCallback::To<&Controller::OnTimer>(this)),
      down_soon_(shared.reactor,
                 ReactorCallback::To<&Controller::OnDownSoon>(this)),
      closed_(shared.reactor,
              ReactorCallback::To<&Controller::OnClosed>(this)) {}

Controller::~Controller() { RINGDIST_CHECK(link_ == nullptr); }

// Getting connected.

void Controller::Dial(const LocalNode& local, const NodeName& peer) {
  RINGDIST_CHECK(state_ == State::kIdle);
  state_ = State::kDialling;
  dialled_by_us_ = true;
  peer_.name = peer;
  peer_.address = shared_.carrier.AddressOf(peer);
  handshake_ =
      std::make_unique<Handshake>(std::in_place_type<HandshakeInitiator>, local,
                                  peer, shared_.options.protocol_version,
                                  static_cast<uint32_t>(shared_.entropy()));
  const absl::Time now = shared_.reactor.Now();
  handshake_deadline_ = now + kMaxSetupTimes * shared_.options.setup_time;
  dial_ = shared_.carrier.Dial(
      peer, now + shared_.options.setup_time,
      [this](absl::StatusOr<int> fd) { OnDialled(std::move(fd)); });
}

void Controller::OnDialled(absl::StatusOr<int> fd) {
  dial_.reset();
  if (state_ == State::kClosing) {
    if (fd.ok()) shared_.reactor.engine().Close(*fd);
    return CloseConnection();
  }
  if (!fd.ok()) return GoDown(fd.status());
  absl::Status connected = Connect(*fd);
  if (!connected.ok()) return GoDown(std::move(connected));
  TakeStep(std::get<HandshakeInitiator>(*handshake_).Start());
}

void Controller::Accept(const LocalNode& local, int fd) {
  RINGDIST_CHECK(state_ == State::kIdle);
  peer_.address = shared_.carrier.AddressWithoutListening();
  handshake_ =
      std::make_unique<Handshake>(std::in_place_type<HandshakeAcceptor>, local,
                                  static_cast<uint32_t>(shared_.entropy()));
  handshake_deadline_ =
      shared_.reactor.Now() + kMaxSetupTimes * shared_.options.setup_time;
  absl::Status connected = Connect(fd);
  if (!connected.ok()) return GoDown(std::move(connected));
  StartSetupTimer();
}

absl::Status Controller::Connect(int fd) {
  absl::Status status = shared_.carrier.CheckPeer(fd);
  if (status.ok()) {
    status = shared_.carrier.Configure(fd, shared_.socket_options);
  }
  if (!status.ok()) {
    shared_.reactor.engine().Close(fd);
    return status;
  }
  state_ = State::kHandshaking;
  connection_.emplace(shared_.reactor, shared_.pool, fd,
                      shared_.options.connection, *this);
  if (shared_.options.capture) {
    connection_->Capture(shared_.options.capture, id_);
  }
  connection_->Start();
  return absl::OkStatus();
}

// The handshake.

void Controller::ReceiveHandshake(absl::string_view& bytes) {
  absl::string_view packet;
  while (state_ == State::kHandshaking &&
         decoder_.Next(bytes, packet) == PacketDecoder::Result::kPacket) {
    ++packets_in_;
    TakeStep(FeedHandshake(packet));
  }
}

HandshakeStep Controller::FeedHandshake(absl::string_view packet) {
  if (auto* initiator = std::get_if<HandshakeInitiator>(handshake_.get())) {
    return initiator->OnPacket(packet);
  }
  return std::get<HandshakeAcceptor>(*handshake_).OnPacket(packet);
}

void Controller::TakeStep(HandshakeStep step) {
  while (true) {
    if (!step.send.empty()) {
      connection_->queue().Append(step.send);
      connection_->Flush();
    }
    switch (step.next) {
      case HandshakeStep::Next::kWaitToBeSuperseded:
        waits_to_be_superseded_ = true;
        return StartSetupTimer();
      case HandshakeStep::Next::kWaitForPacket:
        return StartSetupTimer();
      case HandshakeStep::Next::kUp:
        return BecomeUp();
      case HandshakeStep::Next::kFailed:
        return GoDown(std::move(step.error));
      case HandshakeStep::Next::kAskStillPending:
      case HandshakeStep::Next::kAskConnection:
      case HandshakeStep::Next::kAskName:
        step = AskOwner(step);
    }
  }
}

HandshakeStep Controller::AskOwner(const HandshakeStep& step) {
  if (step.next == HandshakeStep::Next::kAskStillPending) {
    return std::get<HandshakeInitiator>(*handshake_)
        .AnswerStillPending(shared_.owner.IsStillPending(*this));
  }
  HandshakeAcceptor& acceptor = std::get<HandshakeAcceptor>(*handshake_);
  if (step.next == HandshakeStep::Next::kAskName) {
    absl::StatusOr<NodeName> name =
        shared_.owner.InventName(*this, acceptor.peer_host());
    if (!name.ok()) {
      return {.next = HandshakeStep::Next::kFailed,
              .send = "",
              .error = name.status()};
    }
    peer_.name = *std::move(name);
    return acceptor.GiveName(peer_.name, BigCreation(shared_.entropy()));
  }
  peer_.name = acceptor.peer();
  return acceptor.Decide(shared_.owner.DecideInbound(*this, peer_.name));
}

void Controller::BecomeUp() {
  const HandshakeResult result =
      dialled_by_us_ ? std::get<HandshakeInitiator>(*handshake_).result()
                     : std::get<HandshakeAcceptor>(*handshake_).result();
  handshake_.reset();
  decoder_.SwitchToData();
  state_ = State::kUp;
  peer_.name = result.peer;
  peer_.creation = result.peer_creation;
  peer_.flags = result.flags;
  peer_.peer_flags = result.peer_flags;
  peer_.protocol_version = result.peer_protocol_version;
  peer_.hidden = (result.peer_flags & kDflagPublished) == 0;
  peer_.dialled_by_us = dialled_by_us_;
  peer_.named_by_us = result.named_peer;
  link_ = std::make_shared<Controller*>(this);
  channel_ = Channel(id_, link_);
  tick_.Start(packets_in_, packets_out_);
  StartTicking();
  shared_.owner.OnControllerUp(*this, result);
}

std::string Controller::PeerForErrors() const {
  return peer_.name.empty() ? "a peer that has not said its name"
                            : peer_.name.full();
}

// Packets in.

void Controller::OnReceived(absl::string_view& bytes) {
  ReceiveHandshake(bytes);
  ReceivePackets(bytes);
  if (state_ == State::kClosing) bytes = absl::string_view();
}

void Controller::ReceivePackets(absl::string_view& bytes) {
  absl::string_view packet;
  while (is_up()) {
    if (credit_.exhausted()) return connection_->Pause();
    switch (decoder_.Next(bytes, packet)) {
      case PacketDecoder::Result::kPacket:
        ++packets_in_;
        DeliverPacket(packet);
        break;
      case PacketDecoder::Result::kTick:
        ++packets_in_;
        break;
      case PacketDecoder::Result::kNeedMore:
        return;
      case PacketDecoder::Result::kTooLarge:
        return GoDown(decoder_.error());
    }
  }
}

absl::Span<char> Controller::StraightMemory() {
  return is_up() ? decoder_.PartialPacket() : absl::Span<char>();
}

void Controller::OnReceivedStraight(size_t size) {
  if (!is_up()) return;
  decoder_.FilledPartial(size);
  if (!decoder_.PartialPacket().empty()) return;
  absl::string_view nothing;
  ReceivePackets(nothing);
}

GrowingMemory Controller::TakePacket(size_t* size) {
  // Only within OnPacket, and once.
  if (current_packet_.data() == nullptr) return {};
  // 1. The packet lies in the engine's memory, or in the decoder's own.
  // 2. From here on it is the delivery's: swapped out of the decoder if it was
  //    put together there, copied otherwise.
  GrowingMemory bytes = decoder_.TakeBody(current_packet_);
  if (bytes.size() == 0) {
    bytes.Grow(current_packet_.size(), /*kept=*/0);
    std::memcpy(bytes.begin(), current_packet_.data(), current_packet_.size());
  }
  *size = current_packet_.size();
  current_packet_ = absl::string_view();
  // Packets that are consumed at once take no credit: nobody could tell.
  credit_.Take();
  return bytes;
}

GrowingMemory Controller::TakeMemory() {
  if (current_packet_.data() == nullptr) return {};
  GrowingMemory memory = decoder_.TakeBody(current_packet_);
  if (memory.size() > 0) current_packet_ = absl::string_view();
  return memory;
}

void Controller::ReturnCredit() {
  const bool was_exhausted = credit_.exhausted();
  credit_.Return();
  if (was_exhausted && !credit_.exhausted() && connection_.has_value()) {
    connection_->Resume();
  }
}

void Controller::OnReceiveEnded(const absl::Status& reason) {
  if (state_ == State::kHandshaking) {
    if (waits_to_be_superseded_) return;  // Its own attempt goes first.
    absl::string_view awaited =
        dialled_by_us_ ? std::get<HandshakeInitiator>(*handshake_).Awaits()
                       : std::get<HandshakeAcceptor>(*handshake_).Awaits();
    return GoDown(absl::Status(
        reason.code(),
        absl::StrCat("handshake with ", PeerForErrors(),
                     ": the peer closed the connection instead of sending ",
                     awaited, " (", reason.message(), ")")));
  }
  // A peer that closes before it has read everything resets the connection.
  constexpr absl::string_view kClosed = "connection_closed";
  if (reason.message() == kClosed) return GoDown(reason);
  GoDown(absl::Status(reason.code(),
                      absl::StrCat(kClosed, ": ", reason.message())));
}

// Packets out.

absl::Status Controller::Writable() {
  if (state_ != State::kUp) {
    return absl::UnavailableError("the connection is going down");
  }
  if (connection_->queue().size() < shared_.options.send_queue_bytes) {
    return absl::OkStatus();
  }
  writer_was_refused_ = true;
  return absl::ResourceExhaustedError("the send queue is full");
}

void Controller::AppendReferenced(absl::string_view payload,
                                  ReleaseCallback release) {
  SendQueue& queue = connection_->queue();
  if (payload.size() < SendQueue::kMinReferenced) {
    queue.AppendCopied(payload, std::move(release));
  } else {
    queue.AppendReferenced(payload, std::move(release));
  }
}

void Controller::OnSent() {
  const size_t limit = shared_.options.send_queue_bytes;
  const size_t room = std::min(limit / 2, DistributionHandler::kWritableRoom);
  if (!writer_was_refused_ || state_ != State::kUp ||
      connection_->queue().size() > limit - room) {
    return;
  }
  writer_was_refused_ = false;
  shared_.handler.OnWritable(channel_);
}

void Controller::OnSendFailed(const absl::Status& reason) {
  if (state_ == State::kLeaving) return;
  if (state_ != State::kUp) return GoDown(reason);
  // The peer may have said why before it closed: hear it out.
  state_ = State::kDeathRow;
  down_reason_ = reason;
  timer_.Start(shared_.reactor.Now() + kDeathRowTime);
}

ChannelStatistics Controller::statistics() const {
  ChannelStatistics statistics;
  statistics.packets_in = packets_in_;
  statistics.packets_out = packets_out_;
  if (!connection_.has_value()) return statistics;
  statistics.bytes_in = connection_->received_bytes();
  statistics.bytes_out = connection_->sent_bytes();
  statistics.pending_bytes = connection_->queue().size();
  return statistics;
}

// Time.

void Controller::StartSetupTimer() {
  timer_.Start(std::min(shared_.reactor.Now() + shared_.options.setup_time,
                        handshake_deadline_));
}

void Controller::OnTimer() {
  switch (state_) {
    case State::kIdle:
    case State::kDialling:
      return;
    case State::kHandshaking:
      return OnSetupTime();
    case State::kUp:
      return OnTickTime();
    case State::kDeathRow:
    case State::kLeaving:
      return GoDown(down_reason_);
    case State::kClosing:
      return connection_->Close();
  }
}

void Controller::OnSetupTime() {
  absl::string_view awaited =
      dialled_by_us_ ? std::get<HandshakeInitiator>(*handshake_).Awaits()
                     : std::get<HandshakeAcceptor>(*handshake_).Awaits();
  GoDown(absl::DeadlineExceededError(absl::StrCat(
      "handshake with ", PeerForErrors(), ": no ", awaited, " within ",
      absl::FormatDuration(shared_.options.setup_time), " (setup_time)")));
}

void Controller::StartTicking() {
  timer_.Start(shared_.reactor.Now() + shared_.options.net_ticktime /
                                           shared_.options.net_tickintensity);
}

void Controller::OnTickTime() {
  const Tick::Seen seen = {.packets_in = packets_in_,
                           .packets_out = packets_out_,
                           .pending_bytes = connection_->queue().size(),
                           .peer_is_hidden = peer_.hidden,
                           .reading_is_paused = credit_.exhausted()};
  switch (tick_.Check(seen)) {
    case Tick::Action::kNothing:
      return StartTicking();
    case Tick::Action::kSendTick:
      // Past every limit: it must go out however full the queue is.
      connection_->queue().Append(kTickPacket);
      ++packets_out_;
      connection_->Flush();
      return StartTicking();
    case Tick::Action::kDown:
      return GoDown(absl::DeadlineExceededError(absl::StrCat(
          "net_tick_timeout: nothing from ", peer_.name.full(), " for ",
          absl::FormatDuration(shared_.options.net_ticktime),
          " (net_ticktime)")));
  }
}

// Going down.

void Controller::GoDownSoon(absl::Status reason) {
  if (!is_up()) return;
  state_ = State::kLeaving;
  down_reason_ = std::move(reason);
  down_soon_.Schedule();
}

void Controller::OnDownSoon() { GoDown(down_reason_); }

void Controller::GoDown(absl::Status reason) {
  if (state_ == State::kClosing) return;
  if (state_ == State::kLeaving) reason = std::move(down_reason_);
  const bool was_up = is_up() || state_ == State::kLeaving;
  const bool has_last_words = state_ == State::kHandshaking;
  state_ = State::kClosing;
  down_soon_.Unschedule();
  timer_.Stop();
  shared_.owner.OnControllerDown(*this, reason, was_up);
  if (link_ != nullptr) *std::exchange(link_, nullptr) = nullptr;
  if (has_last_words) {
    connection_->CloseWhenSent();
    timer_.Start(shared_.reactor.Now() + kLastWordsTime);
  } else {
    CloseConnection();
  }
}

void Controller::CloseConnection() {
  if (dial_ != nullptr) {
    dial_->Cancel();
  } else if (connection_.has_value()) {
    connection_->Close();
  } else {
    closed_.Schedule();
  }
}

void Controller::OnClosed() {
  timer_.Stop();
  shared_.owner.OnControllerClosed(*this);
}

}  // namespace ringdist
