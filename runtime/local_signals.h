// LocalSignals: signals between processes of this node, and those the node
// tells itself. They wait for the end of the turn, so that no handler runs
// inside of another one, and are then taken as if a peer had sent them.
// Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_LOCAL_SIGNALS_H_
#define RINGDIST_RUNTIME_LOCAL_SIGNALS_H_

#include <cstddef>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/control_message.h"
#include "ringdist/proto/distribution_encoder.h"
#include "ringdist/runtime/reactor.h"

namespace ringdist {

class LocalSignals {
 public:
  using Handler = absl::AnyInvocable<void(const ControlMessage&)>;

  // Messages are refused while `limit_bytes` wait.
  LocalSignals(Reactor& reactor, size_t limit_bytes, Handler handler);

  // ResourceExhausted: too much waits. A large message is fine by itself, and
  // one that is `owed` always.
  absl::Status SendMessage(const ControlMessage& signal, PayloadWriter payload,
                           bool owed);
  // Never refused.
  void SendSignal(const ControlMessage& signal);

 private:
  void Append(const ControlMessage& signal, PayloadWriter payload);
  void OnReady();

  const size_t limit_bytes_;
  Handler handler_;
  // Entries of u64 size and a pass-through packet. One is filled while what is
  // in the other is handled.
  std::unique_ptr<StringWriter> waiting_;
  std::unique_ptr<StringWriter> taken_;
  Task ready_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_LOCAL_SIGNALS_H_
