#include "ringdist/bench/load/messages.h"

#include <iterator>

#include "ringdist/proto/big_endian.h"

namespace ringdist {
namespace {

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

}  // namespace

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
