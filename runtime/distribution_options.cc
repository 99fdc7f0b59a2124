#include "ringdist/runtime/distribution_options.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/node_name.h"

namespace ringdist {
namespace {

absl::Status Invalid(absl::string_view field, absl::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("DistributionOptions::", field, " ", rule));
}

absl::Status ValidateNames(const DistributionOptions& options) {
  absl::Status name = options.HasDynamicName()
                          ? ValidateHost(options.DynamicNameHost())
                          : NodeName::Parse(options.name).status();
  if (!name.ok()) return Invalid("name:", name.message());
  for (const std::string& allowed : options.allowed) {
    absl::Status status = NodeName::Parse(allowed).status();
    if (!status.ok()) return Invalid("allowed:", status.message());
  }
  if (options.cookie.empty() || options.cookie.size() > kMaxAtomCharacters) {
    return Invalid("cookie", absl::StrCat("must have 1 to ", kMaxAtomCharacters,
                                          " bytes"));
  }
  return absl::OkStatus();
}

absl::Status ValidateTimes(const DistributionOptions& options) {
  if (options.setup_time < absl::Milliseconds(1) ||
      options.setup_time > absl::Seconds(120)) {
    return Invalid("setup_time", "must be between 1 ms and 120 s");
  }
  if (options.net_ticktime < absl::Milliseconds(10) ||
      options.net_ticktime > absl::Hours(24)) {
    return Invalid("net_ticktime", "must be between 10 ms and 24 h");
  }
  if (options.net_tickintensity < 4 || options.net_tickintensity > 1000) {
    return Invalid("net_tickintensity", "must be between 4 and 1000");
  }
  return absl::OkStatus();
}

}  // namespace

bool DistributionOptions::HasDynamicName() const {
  return absl::StartsWith(name, kDynamicNamePrefix);
}

std::string DistributionOptions::DynamicNameHost() const {
  return name.substr(kDynamicNamePrefix.size());
}

absl::Status DistributionOptions::Validate() const {
  absl::Status status = ValidateNames(*this);
  if (!status.ok()) return status;
  status = ValidateTimes(*this);
  if (!status.ok()) return status;
  if (protocol_version != 5 && protocol_version != 6) {
    return Invalid("protocol_version", "must be 5 or 6");
  }
  if (max_packet_bytes < 65536 || max_packet_bytes > 0xFFFFFFFF) {
    return Invalid("max_packet_bytes", "must be between 65536 and 2^32 - 1");
  }
  if (send_queue_bytes < 1024) {
    return Invalid("send_queue_bytes", "must be at least 1024");
  }
  if (max_connections < 1) {
    return Invalid("max_connections", "must be at least 1");
  }
  if (connection.receive_budget_bytes < 1024) {
    return Invalid("connection.receive_budget_bytes", "must be at least 1024");
  }
  if (connection.straight_receive_bytes < 1) {
    return Invalid("connection.straight_receive_bytes", "must be at least 1");
  }
  return absl::OkStatus();
}

}  // namespace ringdist
