#include "ringdist/runtime/local_signals.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/signal_packet.h"

namespace ringdist {
namespace {

// What is kept for the next signals.
constexpr size_t kKeptBytes = 256 * 1024;

}  // namespace

LocalSignals::LocalSignals(Reactor& reactor, size_t limit_bytes,
                           Handler handler)
    : limit_bytes_(limit_bytes),
      handler_(std::move(handler)),
      waiting_(std::make_unique<StringWriter>()),
      taken_(std::make_unique<StringWriter>()),
      ready_(reactor, ReactorCallback::To<&LocalSignals::OnReady>(this)) {}

absl::Status LocalSignals::SendMessage(const ControlMessage& signal,
                                       PayloadWriter payload, bool owed) {
  if (!owed && waiting_->size() >= limit_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        waiting_->size(), " bytes wait for processes of this node already"));
  }
  Append(signal, payload);
  return absl::OkStatus();
}

void LocalSignals::SendSignal(const ControlMessage& signal) {
  Append(signal, NoPayload);
}

void LocalSignals::Append(const ControlMessage& signal, PayloadWriter payload) {
  const size_t at = waiting_->size();
  waiting_->WriteU64(0);
  WriteSignalPacket(signal, payload, *waiting_);
  waiting_->PatchU64(at, waiting_->size() - at - sizeof(uint64_t));
  ready_.Schedule();
}

void LocalSignals::OnReady() {
  std::swap(waiting_, taken_);
  ByteReader taken(taken_->view());
  while (!taken.AtEnd()) {
    ControlMessage signal;
    const absl::Status decoded =
        DecodePassThrough(taken.ReadBytes(taken.ReadU64()), signal);
    RINGDIST_CHECK(decoded.ok());
    handler_(signal);
  }
  if (taken_->size() > kKeptBytes) taken_ = std::make_unique<StringWriter>();
  taken_->Clear();
}

}  // namespace ringdist
