#include "ringdist/proto/dynamic_name.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace ringdist {

absl::StatusOr<NodeName> InventName(uint64_t entropy, absl::string_view host) {
  constexpr absl::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string alive;
  do {
    alive.push_back(kDigits[entropy % kDigits.size()]);
    entropy /= kDigits.size();
  } while (entropy != 0);
  std::reverse(alive.begin(), alive.end());
  return NodeName::Parse(absl::StrCat(alive, "@", host));
}

}  // namespace ringdist
