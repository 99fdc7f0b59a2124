// ErlangNode: a real Erlang node, as a peer for benchmarks and tests.
//
//   absl::StatusOr<std::unique_ptr<ErlangNode>> node =
//       ErlangNode::Start({.name = "srv@localhost"});
//   if (!node.ok()) return node.status();
//   ... listen as cpp@localhost in (*node)->directory() ...
//   (*node)->Eval("net_adm:ping(cpp@localhost).");  // "pong"
//
// On Unix sockets the node runs the carrier that comes with OTP
// (erl_uds_dist.erl among the kernel application's examples), compiled once per
// process of ours. Its current directory, in which erl_uds keeps its sockets,
// is short and its own, or one that several nodes share. It ends with its owner
// (see child_process.h).
//
// Who runs a reactor on the same thread must not block in Eval while the node
// waits for that reactor:
//
//   int64_t ping = node->EvalAsync("net_adm:ping(cpp@localhost).");
//   while (!node->Ready(ping)) reactor.RunOnce(absl::Milliseconds(10));
//   node->Wait(ping);  // "pong"
//
// An ErlangNode is used by the thread that started it, and by no other.

#ifndef RINGDIST_BENCH_PEERS_ERLANG_NODE_H_
#define RINGDIST_BENCH_PEERS_ERLANG_NODE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ringdist/bench/peers/child_process.h"
#include "ringdist/bench/peers/temporary_directory.h"

namespace ringdist {

// What a node's connections run over.
enum class ErlangCarrier {
  kErlUds,  // Unix sockets, by OTP's example carrier.
  kTcp,     // Erlang's own default, here on the loopback interface only.
};

struct ErlangNodeOptions {
  // alive@host, or "undefined@host" for a node that does not listen and gets
  // its name from the first node it connects to.
  std::string name = "erl@localhost";
  std::string cookie = "ringdist";
  // Where the sockets are; empty: a temporary directory of the node's own.
  std::string directory;
  ErlangCarrier carrier = ErlangCarrier::kErlUds;
  // Of kTcp: where the epmd listens that knows the nodes' ports (epmd.h).
  int epmd_port = 4369;
  // The processor that all threads of the node are kept on; -1: any.
  int cpu = -1;
  // A hidden node does not appear in nodes() of others, only in nodes(hidden).
  bool hidden = false;
  // More of the command line, separated by blanks: "-kernel net_ticktime 4",
  // "-kernel dist_auto_connect never", "-dist_listen false".
  std::string arguments;
};

// OK if Erlang nodes can be started; FailedPrecondition that names the missing
// package otherwise. The first call compiles the carrier.
absl::Status ErlangAvailable();

class ErlangNode {
 public:
  static constexpr absl::Duration kTimeout = absl::Seconds(30);

  // Starts a node and waits until it runs. FailedPrecondition if Erlang is not
  // installed or if the node ended, with what it printed: say, that its name
  // is in use.
  static absl::StatusOr<std::unique_ptr<ErlangNode>> Start(
      const ErlangNodeOptions& options);

  // Evaluates an expression sequence, written as in Erlang's shell and ended by
  // a full stop, and returns its value as ~0p prints it. What the evaluation
  // throws is a value too: "error: {error,badarith}". As in the shell, all
  // evaluations of a node have one process and keep their variables, until one
  // ends that process.
  //
  // Unavailable if the node ended, DeadlineExceeded if it took too long, both
  // with what the node printed. After that it still evaluates, and what is
  // asked next waits for it.
  absl::StatusOr<std::string> Eval(absl::string_view expressions,
                                   absl::Duration timeout = kTimeout);

  // Begins an evaluation, to be handed to Ready and Wait. Several are done one
  // after the other.
  int64_t EvalAsync(absl::string_view expressions);
  // Whether Wait would not block: an answer, or the node's end. Never blocks.
  bool Ready(int64_t evaluation);
  // Like Eval. Takes the answer: once per evaluation.
  absl::StatusOr<std::string> Wait(int64_t evaluation,
                                   absl::Duration timeout = kTimeout);
  // Readable when Ready may have changed.
  int fd() const { return process_->output_fd(); }

  // Asks the node to end (init:stop()), and waits for it.
  absl::Status Stop(absl::Duration timeout = kTimeout);
  // SIGKILL; the node is gone on return. Its socket file stays.
  void Kill();
  // Kills it if it runs, and starts it again with the same options. Evaluations
  // under way are forgotten.
  absl::Status Restart();
  // SIGSTOP and SIGCONT: a peer that is silent with its connections open.
  absl::Status Suspend() { return process_->Suspend(); }
  absl::Status Resume() { return process_->Resume(); }

  const std::string& name() const { return options_.name; }
  const std::string& directory() const { return options_.directory; }
  pid_t pid() const { return process_->pid(); }
  // What the node has printed until now, its log included, answers excluded.
  // The last call of the methods above has brought it up to date.
  const std::string& output() const { return output_; }

 private:
  struct Question {
    int64_t evaluation;
    std::string expressions;
  };

  explicit ErlangNode(const ErlangNodeOptions& options);

  absl::Status Launch();
  absl::Status TakeLine(absl::Duration timeout);
  absl::Status Explain(const absl::Status& status, absl::Duration timeout);

  // Home directory, and where the sockets are unless options say otherwise.
  TemporaryDirectory home_;
  ErlangNodeOptions options_;
  std::unique_ptr<ChildProcess> process_;
  std::string output_;
  int64_t last_evaluation_ = 0;
  std::deque<Question> unanswered_;  // In the order of their answers.
  std::map<int64_t, std::string> answers_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_PEERS_ERLANG_NODE_H_
