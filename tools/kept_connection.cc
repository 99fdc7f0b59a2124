#include "ringdist/tools/kept_connection.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "ringdist/runtime/entropy.h"

namespace ringdist {

KeptConnection::KeptConnection(Reactor& reactor, Node& node, NodeName peer,
                               Output& output)
    : node_(node),
      peer_(std::move(peer)),
      output_(output),
      reactor_(reactor),
      timer_(reactor, ReactorCallback::To<&KeptConnection::Dial>(this)) {}

void KeptConnection::Dial() {
  const absl::Status dialling = node_.Connect(peer_);
  if (dialling.ok()) return;
  PrintError(absl::StrCat("warning: ", dialling.message()));
  OnLost();
}

void KeptConnection::OnUp() {
  timer_.Stop();
  backoff_.Reset();
}

void KeptConnection::OnLost() {
  const absl::Duration wait = backoff_.Next(SystemEntropy());
  const double seconds = absl::ToDoubleSeconds(wait);
  output_.Print(absl::StrFormat("ringdist: connecting to %s again in %.1f s",
                                peer_.full(), seconds),
                {{"event", "reconnecting"},
                 {"node", peer_.full()},
                 {"wait_seconds", seconds}});
  timer_.Start(reactor_.Now() + wait);
}

}  // namespace ringdist
