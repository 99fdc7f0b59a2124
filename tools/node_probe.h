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
// the node tells others, as erlang:statistics(reductions) does.
//
// Everything on the reactor's thread.

#ifndef RINGDIST_TOOLS_NODE_PROBE_H_
#define RINGDIST_TOOLS_NODE_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "ringdist/proto/node_name.h"
#include "ringdist/proto/term_view.h"
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

  // Begins to ask, unless an answer is still awaited. Only while the connection
  // is up.
  void Ask();

  // What was measured since the last sample; none if there was no answer.
  std::optional<WatchSample> TakeSample();

  // Since when nothing was answered.
  absl::Time last_answer() const { return last_answer_; }

 private:
  // Asks the question after the last one, if there is one.
  void AskNext();
  void Take(const TermView& value);
  void TakeIo(const TermView& value);
  void MeasureConnection(WatchSample& sample);

  Reactor& reactor_;
  Node& node_;
  const NodeName peer_;
  const absl::Duration timeout_;

  bool asking_ = false;  // From Ask to the last answer.
  size_t question_ = 0;  // The one that is open, after the ping.
  bool tells_ = true;    // It answers questions, as far as is known.
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
