#include "ringdist/tools/kept_connection.h"

#include <utility>

#include "ringdist/runtime/entropy.h"

namespace ringdist {

KeptConnection::KeptConnection(Reactor& reactor, Node& node, NodeName peer,
                               OnWait on_wait)
    : node_(node),
      peer_(std::move(peer)),
      on_wait_(std::move(on_wait)),
      reactor_(reactor),
      timer_(reactor, ReactorCallback::To<&KeptConnection::Dial>(this)) {}

void KeptConnection::Dial() {
  const absl::Status dialling = node_.Connect(peer_);
  if (!dialling.ok()) Wait(dialling);
}

void KeptConnection::OnUp() {
  timer_.Stop();
  backoff_.Reset();
}

void KeptConnection::Wait(const absl::Status& refused) {
  const absl::Duration wait = backoff_.Next(SystemEntropy());
  on_wait_(wait, refused);
  timer_.Start(reactor_.Now() + wait);
}

}  // namespace ringdist
