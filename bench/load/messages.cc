#include "ringdist/bench/load/messages.h"

#include <algorithm>
#include <limits>

#include "ringdist/proto/big_endian.h"

namespace ringdist {
namespace {

constexpr uint64_t kOddConstant = 0x9E3779B97F4A7C15;

// No sender is ahead so far: such a number is not believed.
constexpr uint64_t kMaxGap = uint64_t{1} << 20;
// More are not remembered: if they come after all they count as duplicates.
constexpr size_t kMaxMissing = size_t{1} << 16;

constexpr ReportField kFields[] = {
    {"time_ns", &ServerReport::time_ns},
    {"messages", &ServerReport::messages},
    {"bytes", &ServerReport::bytes},
    {"lost", &ServerReport::lost},
    {"duplicated", &ServerReport::duplicated},
    {"reordered", &ServerReport::reordered},
    {"corrupted", &ServerReport::corrupted},
    {"enters", &ServerReport::enters},
    {"completions", &ServerReport::completions},
    {"cpu_ns", &ServerReport::cpu_ns},
    {"memory_bytes", &ServerReport::memory_bytes},
};

size_t MinBytesOfEnds(Verify verify) {
  return verify == Verify::kEnds ? sizeof(uint64_t)
                                 : std::numeric_limits<size_t>::max();
}

}  // namespace

// Payloads.

Payloads::Payloads(Verify verify, size_t max_bytes)
    : verify_(verify), min_bytes_of_ends_(MinBytesOfEnds(verify)) {
  const size_t words =
      kNeighbours + (std::max(max_bytes, kPeriod) + kWord - 1) / kWord;
  pattern_.reset(new char[words * kWord]);
  for (size_t i = 0; i < words; ++i) {
    uint64_t word = (i % (kPeriod / kWord) + 1) * kOddConstant;
    if constexpr (std::endian::native == std::endian::big) {
      word = __builtin_bswap64(word);
    }
    std::memcpy(pattern_.get() + i * kWord, &word, kWord);
  }
}

bool Payloads::MatchAll(uint64_t number, absl::string_view payload) const {
  return verify_ == Verify::kNumbers || MatchBytes(BeginOf(number), payload);
}

bool Payloads::MatchPart(uint64_t number, size_t size, size_t offset,
                         absl::string_view part) const {
  if (verify_ == Verify::kNumbers) return true;
  const size_t begin = BeginOf(number) + offset;
  if (verify_ == Verify::kFull) return MatchBytes(begin, part);
  const size_t length = std::min(part.size(), kWord);
  if (offset == 0 && !MatchBytes(begin, part.substr(0, length))) return false;
  const size_t tail = part.size() - length;
  return offset + part.size() < size ||
         MatchBytes(begin + tail, part.substr(tail));
}

bool Payloads::MatchBytes(size_t begin, absl::string_view bytes) const {
  while (!bytes.empty()) {
    begin %= kPeriod;
    const size_t size = std::min(bytes.size(), kPeriod - begin);
    if (bytes.substr(0, size) != absl::string_view(&pattern_[begin], size)) {
      return false;
    }
    bytes.remove_prefix(size);
    begin += size;
  }
  return true;
}

// ArrivalCheck.

void ArrivalCheck::TakeFaulty(uint64_t number, size_t bytes, bool matches,
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

// ServerReport.

void ServerReport::SetTotals(const Totals& totals) {
  messages = totals.messages;
  bytes = totals.bytes;
  lost = totals.faults.lost;
  duplicated = totals.faults.duplicated;
  reordered = totals.faults.reordered;
  corrupted = totals.faults.corrupted;
}

Totals ServerReport::totals() const {
  return {.messages = messages,
          .bytes = bytes,
          .faults = {.lost = lost,
                     .duplicated = duplicated,
                     .reordered = reordered,
                     .corrupted = corrupted}};
}

absl::Span<const ReportField> ReportFields() { return kFields; }

std::string EncodeReport(const ServerReport& report) {
  std::string bytes(sizeof(uint64_t) * std::size(kFields), '\0');
  char* at = bytes.data();
  for (const ReportField& field : kFields) {
    StoreBigEndian<uint64_t>(at, report.*field.value);
    at += sizeof(uint64_t);
  }
  return bytes;
}

std::optional<ServerReport> DecodeReport(absl::string_view payload) {
  if (payload.size() != sizeof(uint64_t) * std::size(kFields)) {
    return std::nullopt;
  }
  ServerReport report;
  const char* at = payload.data();
  for (const ReportField& field : kFields) {
    report.*field.value = LoadBigEndian<uint64_t>(at);
    at += sizeof(uint64_t);
  }
  return report;
}

}  // namespace ringdist
