#include "ringdist/bench/load/arrival_check.h"

namespace ringdist {
namespace {

// No sender is ahead so far: such a number is not believed.
constexpr uint64_t kMaxGap = uint64_t{1} << 20;
// More are not remembered: if they come after all they count as duplicates.
constexpr size_t kMaxMissing = size_t{1} << 16;

}  // namespace

void ArrivalCheck::Take(uint64_t number, size_t bytes, bool matches,
                        Totals& totals) {
  Faults& faults = totals.faults;
  if (number < next_) {
    if (missing_ == nullptr || missing_->erase(number) == 0) {
      ++faults.duplicated;
      return;
    }
    --faults.lost;
    ++faults.reordered;
  } else if (number - next_ > kMaxGap) {
    matches = false;
  } else {
    SkipTo(number, totals);
    next_ = number + 1;
  }
  ++totals.messages;
  totals.bytes += bytes;
  if (!matches) ++faults.corrupted;
}

void ArrivalCheck::TakePart(uint64_t number, size_t bytes, size_t offset,
                            absl::string_view part, const Payloads& payloads,
                            Totals& totals) {
  parts_match_ = (offset == 0 || parts_match_) &&
                 payloads.MatchPart(number, bytes, offset, part);
  if (offset + part.size() < bytes) return;
  Take(number, bytes, parts_match_, totals);
}

void ArrivalCheck::Expect(uint64_t number, Totals& totals) {
  if (number >= next_) SkipTo(number + 1, totals);
}

void ArrivalCheck::SkipTo(uint64_t number, Totals& totals) {
  if (number == next_) return;
  totals.faults.lost += number - next_;
  if (missing_ == nullptr) missing_ = std::make_unique<std::set<uint64_t>>();
  while (next_ < number && missing_->size() < kMaxMissing) {
    missing_->insert(missing_->end(), next_++);
  }
  next_ = number;
}

}  // namespace ringdist
