// NodeProbe: measures one node for `ringdist watch`, interval by interval.
//
//   NodeProbe probe(reactor, *node, *NodeName::Parse("srv@localhost"),
//                   absl::Seconds(7));
//   probe.OnUp();
//   probe.Ask();                  // when an interval begins
//   ... probe.TakeSample() ...    // when it ends
//
// A ping, then one question after the other: asked at once they would stand in
// the run queue that is measured. None is asked whose answer would change what
// the node tells others, as erlang:statistics(reductions) does. A node that
// does not know the questions is only pinged.
//
// Everything on the reactor's thread.

#ifndef RINGDIST_TOOLS_NODE_PROBE_H_
#define RINGDIST_TOOLS_NODE_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/runtime/call_result.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/tools/watch_view.h"

namespace ringdist {

class NodeProbe {
 public:
  // `reactor` outlives it, and it outlives `node`'s callbacks. An answer may
  // take `timeout`.
  NodeProbe(Reactor& reactor, Node& node, NodeName peer,
            absl::Duration timeout);

  // The connection is up: what was known of the node means nothing any more.
  void OnUp();

  // Begins to ask what is not still being asked. Only while the connection is
  // up.
  void Ask();

  // What was measured since the last sample; none if there was no answer.
  std::optional<WatchSample> TakeSample();

  // When the last ping was answered; or the connection came up.
  absl::Time last_answer() const { return last_answer_; }

 private:
  // How far the questions are that follow the ping.
  enum class Questions {
    kAnswered,  // All of them; or one was not in time.
    kOpen,      // question_ is.
    kRefused,   // The node does not know them.
  };

  void OnPong(const absl::StatusOr<absl::Duration>& pong);
  // Asks question_, if there are so many.
  void AskQuestion();
  void OnAnswer(const CallResult& answer);
  void Take(const TermView& value);
  void TakeIo(const TermView& value);
  void MeasureConnection(WatchSample& sample);

  Reactor& reactor_;
  Node& node_;
  const NodeName peer_;
  const absl::Duration timeout_;

  bool pinging_ = false;
  Questions questions_ = Questions::kAnswered;
  size_t question_ = 0;
  absl::Time last_answer_;
  std::optional<absl::Duration> pong_;  // Since the last sample.
  WatchSample known_;                   // Of what the node told.

  // When totals were taken, to be subtracted from the next ones.
  struct Io {
    absl::Time time;
    uint64_t in = 0;
    uint64_t out = 0;
  };
  std::optional<Io> io_;
  absl::Time traffic_time_;
  ChannelStatistics traffic_;
};

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_NODE_PROBE_H_
