// NodeReport: what `ringdist info` learnt of a node, and how it is told.
//
//   NodeReport report;
//   report.name = "srv@localhost";
//   report.otp_release = "25";
//   output.Print(ReportText(report), ReportJson(report));
//
// Pure: no I/O.

#ifndef RINGDIST_TOOLS_NODE_REPORT_H_
#define RINGDIST_TOOLS_NODE_REPORT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/tools/ringdist_output.h"

namespace ringdist {

struct NodeReport {
  // By the handshake.
  std::string name;
  uint32_t creation = 0;  // 0: not known, the node speaks version 5.
  bool hidden = false;
  int protocol_version = 6;
  uint64_t flags = 0;  // What the node announces.

  // What the node was asked. A status says why it does not tell: "undef".
  absl::StatusOr<absl::Duration> round_trip;
  absl::StatusOr<std::string> otp_release;
  absl::StatusOr<std::string> erts_version;
  absl::StatusOr<absl::Duration> uptime;
  // Bytes by what they are used for, as erlang:memory/0.
  absl::StatusOr<std::vector<std::pair<Atom, uint64_t>>> memory;
  absl::StatusOr<uint64_t> processes;
  absl::StatusOr<uint64_t> process_limit;
  absl::StatusOr<std::vector<Atom>> registered;
};

// Lines of at most 80 columns, as far as names are not longer; no '\n' at the
// end. What the node does not tell comes last, with the reason.
std::string ReportText(const NodeReport& report);

// An object; null stands for what the node does not tell.
Json ReportJson(const NodeReport& report);

}  // namespace ringdist

#endif  // RINGDIST_TOOLS_NODE_REPORT_H_
