// What the global_name_servers of two nodes send each other, as far as several
// files need it. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_GLOBAL_MESSAGES_H_
#define RINGDIST_RUNTIME_GLOBAL_MESSAGES_H_

#include <cstdint>
#include <tuple>

#include "absl/strings/string_view.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

inline constexpr absl::string_view kGlobalNameServer = "global_name_server";

// Versions of global's protocol: this node's; and the first in which lists of
// nodes tell their versions and losses of connections are told; in which
// sessions are confirmed and cancelled; and with which names can be exchanged
// at all.
inline constexpr int64_t kGlobalVersion = 8;
inline constexpr int64_t kVersionedNodesVersion = 7;
inline constexpr int64_t kConfirmedSessionsVersion = 8;
inline constexpr int64_t kOldestGlobalVersion = 6;

// A message; a gen_server's cast; and a call, whose answer is {Tag, Answer}.
template <typename Message>
void SendGlobal(Process& self, absl::string_view node, const Message& message) {
  self.Send(NameAt{kGlobalNameServer, node}, message).IgnoreError();
}
template <typename Message>
void CastGlobal(Process& self, absl::string_view node, const Message& message) {
  SendGlobal(self, node, std::tuple(Atom("$gen_cast"), message));
}
template <typename Tag, typename Request>
void CallGlobal(Process& self, absl::string_view node, const Tag& tag,
                const Request& request) {
  SendGlobal(
      self, node,
      std::tuple(Atom("$gen_call"), std::tuple(self.pid(), tag), request));
}

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_GLOBAL_MESSAGES_H_
