#include "ringdist/runtime/node_options.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/distribution_flags.h"

namespace ringdist {

absl::Status NodeOptions::Validate() const {
  const auto at_least_one = [](absl::string_view field, size_t value) {
    return value > 0 ? absl::OkStatus()
                     : absl::InvalidArgumentError(
                           absl::StrCat(field, " is 0; it must be at least 1"));
  };
  const uint64_t needed = disabled_flags & ~kOptionalNodeFlags;
  if (needed != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("disabled_flags: ", FlagNames(needed),
                     " cannot be switched off; only these can: ",
                     FlagNames(kOptionalNodeFlags)));
  }
  if (visible && distribution.HasDynamicName()) {
    return absl::InvalidArgumentError(
        absl::StrCat("visible: a node named by another is hidden; give it a "
                     "name other than ",
                     distribution.name));
  }
  absl::Status status = at_least_one("peer_queue_bytes", peer_queue_bytes);
  status.Update(at_least_one("peer_owed_bytes", peer_owed_bytes));
  status.Update(at_least_one("local_queue_bytes", local_queue_bytes));
  status.Update(
      at_least_one("fragments.max_sequences", fragments.max_sequences));
  status.Update(at_least_one("fragments.max_fragmented_bytes",
                             fragments.max_fragmented_bytes));
  status.Update(at_least_one("global_limits.nodes", global_limits.nodes));
  return status;
}

}  // namespace ringdist
