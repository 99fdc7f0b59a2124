// ArrivalCheck: finds what is wrong with the messages of one connection in one
// direction, which are numbered from 1.
//
//   Totals totals;
//   ArrivalCheck check;
//   check.Take(number, payload, payloads, totals);   // each that comes
//   check.Expect(last, totals);                      // so many were sent

#ifndef RINGDIST_BENCH_LOAD_ARRIVAL_CHECK_H_
#define RINGDIST_BENCH_LOAD_ARRIVAL_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

#include "absl/strings/string_view.h"
#include "ringdist/bench/load/measurement.h"
#include "ringdist/bench/load/payloads.h"

namespace ringdist {

// What a receiver has got, all connections together.
struct Totals {
  uint64_t messages = 0;  // Without what came twice.
  uint64_t bytes = 0;     // Of their payload.
  Faults faults;
};

class ArrivalCheck {
 public:
  // Takes the message that comes next if nothing is wrong with it, which calls
  // nothing; false: Take it.
  bool TakeNext(uint64_t number, absl::string_view payload,
                const Payloads& payloads, Totals& totals) {
    if (number != next_ || !payloads.QuickMatch(number, payload)) return false;
    next_ = number + 1;
    ++totals.messages;
    totals.bytes += payload.size();
    return true;
  }
  void Take(uint64_t number, absl::string_view payload,
            const Payloads& payloads, Totals& totals) {
    Take(number, payload.size(), payloads.Match(number, payload), totals);
  }
  // The same where there is no payload to look at, or somebody else has.
  void Take(uint64_t number, size_t bytes, bool matches, Totals& totals);
  // The same for one that comes in pieces, in order; it has come with the last.
  void TakePart(uint64_t number, size_t bytes, size_t offset,
                absl::string_view part, const Payloads& payloads,
                Totals& totals);

  // Messages up to `number` were sent: those that have not come are lost,
  // unless they come later.
  void Expect(uint64_t number, Totals& totals);

  // Numbers begin anew.
  void Restart() { *this = ArrivalCheck(); }

 private:
  void SkipTo(uint64_t number, Totals& totals);

  uint64_t next_ = 1;
  bool parts_match_ = true;  // Of the one that is coming in pieces.
  // Those counted as lost that may still come. Made when there are any.
  std::unique_ptr<std::set<uint64_t>> missing_;
};

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_ARRIVAL_CHECK_H_
