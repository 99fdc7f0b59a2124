// What a node of ei owes those that call it: its library can call functions of
// other nodes, but answers no calls by itself. Here ringdist_load:echo/1 is
// answered, to whoever asks the process `rex`, and net_adm:ping.

#ifndef RINGDIST_BENCH_PEERS_EI_CALLS_H_
#define RINGDIST_BENCH_PEERS_EI_CALLS_H_

#include <ei.h>

#include "absl/strings/string_view.h"
#include "ringdist/bench/peers/ei_node.h"

namespace ringdist {

// Makes the answer to a message that was sent to the process `name`, and tells
// who gets it. False: it is no call, so there is none.
bool AnswerCall(absl::string_view name, absl::string_view request,
                EiBuffer& answer, erlang_pid& to);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_EI_CALLS_H_
