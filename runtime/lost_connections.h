// LostConnections: which losses of connections this node has been told of (OTP:
// global.erl, "Prevent Overlapping Partitions Algorithm"). Internal to
// //runtime:node.
//
// A node that loses another tells all; each passes that on to all others. So
// everybody hears of it several times, and acts on it once.
//
// Pure.

#ifndef RINGDIST_RUNTIME_LOST_CONNECTIONS_H_
#define RINGDIST_RUNTIME_LOST_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "ringdist/proto/term.h"

namespace ringdist {

class LostConnections {
 public:
  // So many are remembered. Then those that are so old are forgotten, and if
  // there are none, others are no news.
  static constexpr absl::Duration kRememberedTime = absl::Hours(1);
  static constexpr size_t kLimit = 65536;

  // Whether this is heard for the first time: that `reporter`, in the life of
  // that creation, has lost its connection to `lost`. A later loss has a higher
  // number.
  bool IsNews(const std::string& reporter, const std::string& lost,
              const Term& creation, int64_t number, absl::Time now) {
    const auto key = std::pair(reporter, lost);
    const auto known = heard_.find(key);
    if (known != heard_.end() && known->second.creation == creation &&
        known->second.number >= number) {
      return false;
    }
    if (known == heard_.end() && !MakeRoom(now)) return false;
    heard_[key] = {creation, number, now};
    return true;
  }

 private:
  struct Loss {
    Term creation;
    int64_t number = 0;
    absl::Time time;
  };

  bool MakeRoom(absl::Time now) {
    if (heard_.size() < kLimit) return true;
    absl::erase_if(heard_, [&](const auto& loss) {
      return now - loss.second.time > kRememberedTime;
    });
    return heard_.size() < kLimit;
  }

  absl::flat_hash_map<std::pair<std::string, std::string>, Loss> heard_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_LOST_CONNECTIONS_H_
