// The messages of a load, as all ends speak them, and how they are checked.
//
// At packet level, and between what only moves bytes (epoll, uring, plain,
// spin), a packet is, after its length of 4 bytes,
//
//   u8 operation | u56 number | payload                  (big-endian)
//
//   operation  from the client                     from the server
//   0 data     counted and checked                 of a flood
//   1 echo     is sent back as it is               the answer
//   2 report   number: of data and acks before it  same number, a ServerReport
//   3 flood    number: of messages wanted, 0: no   -
//              end; payload: u32, their size
//   4 ack      as data, and is answered            the answer: no payload
//   5 stall    number: nanoseconds to sleep        -
//
// At node level the server is whoever is registered as `dist_load`:
//
//   {Stream, Number, Payload}                 data
//   {echo, From, Stream, Number, Payload}     From ! {echo, Stream, Number,
//                                                     Payload}
//   {report, From, Stream, Number}            From ! {report, Stream, Number,
//                                                     #{messages => M, ...}}
//   {flood, From, Stream, Count, Size}        From ! {Stream, Number, Payload},
//                                             and so on
//   {ack, From, Stream, Number, Payload}      From ! {ack, Stream, Number}
//   {stall, Nanoseconds}                      -
//
// and calls go to ringdist_load:echo(Payload). Stream is the number of the
// connection, from 0, as a message does not say where it comes from. All of a
// connection's messages but echoes come from one process, so in order.
//
// A connection, or stream, begins with a report of number 0, which makes its
// numbers begin anew. They count from 1 for each connection and direction: data
// and acks together, and echoes by themselves.
//
// The payload of number N are the bytes from 8 * (N rem 64) on of a pattern
// that repeats every 64 KiB: word i of it, 8 bytes little-endian, is (i + 1) *
// 0x9E3779B97F4A7C15 modulo 2^64. So it tells neighbours apart and yet nothing
// has to be made for a message; all payloads lie in one piece of memory.

#ifndef RINGDIST_BENCH_LOAD_MESSAGES_H_
#define RINGDIST_BENCH_LOAD_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/load_spec.h"
#include "ringdist/bench/load/measurement.h"

namespace ringdist {

enum class Operation : uint8_t {
  kData = 0,
  kEcho = 1,
  kReport = 2,
  kFlood = 3,
  kAck = 4,
  kStall = 5,
  kCall = 6,  // Never on the wire: a call of ringdist_load:echo/1.
};

inline constexpr size_t kMessageHeaderBytes = 8;
inline constexpr uint64_t kMaxNumber = (uint64_t{1} << 56) - 1;

// The eight bytes in front of a payload, as a number.
constexpr uint64_t MessageHeader(Operation operation, uint64_t number) {
  return uint64_t{static_cast<uint8_t>(operation)} << 56 | number;
}
constexpr Operation OperationOf(uint64_t header) {
  return static_cast<Operation>(header >> 56);
}
constexpr uint64_t NumberOf(uint64_t header) { return header & kMaxNumber; }

// All payloads.
class Payloads {
 public:
  // Of at most `max_bytes`; receivers, which only compare, need none.
  explicit Payloads(Verify verify, size_t max_bytes = 0);

  // The payload of a message, valid as long as this lives.
  absl::string_view Of(uint64_t number, size_t bytes) const {
    return {pattern_.get() + BeginOf(number), bytes};
  }

  // Whether it is that, as far as it is to be verified.
  bool Match(uint64_t number, absl::string_view payload) const {
    if (payload.size() < min_bytes_of_ends_) return MatchAll(number, payload);
    const size_t begin = BeginOf(number);
    const size_t end = (begin + payload.size() - kWord) % kPeriod;
    return Word(payload.data()) == Word(pattern_.get() + begin) &&
           Word(payload.data() + payload.size() - kWord) ==
               Word(pattern_.get() + end);
  }
  // The same for a piece of a payload of `size` bytes, from `offset` on.
  bool MatchPart(uint64_t number, size_t size, size_t offset,
                 absl::string_view part) const;

 private:
  static constexpr size_t kWord = sizeof(uint64_t);
  static constexpr size_t kPeriod = 64 * 1024;
  static constexpr size_t kNeighbours = 64;

  static size_t BeginOf(uint64_t number) {
    return kWord * (number % kNeighbours);
  }
  static uint64_t Word(const char* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    return word;
  }
  bool MatchAll(uint64_t number, absl::string_view payload) const;
  bool MatchBytes(size_t begin, absl::string_view bytes) const;

  const Verify verify_;
  const size_t min_bytes_of_ends_;  // Less than that: all bytes.
  std::unique_ptr<char[]> pattern_;
};

// What a receiver has got, all connections together.
struct Totals {
  uint64_t messages = 0;  // Without what came twice.
  uint64_t bytes = 0;     // Of their payload.
  Faults faults;
};

// Checks the messages of one connection in one direction.
class ArrivalCheck {
 public:
  void Take(uint64_t number, absl::string_view payload,
            const Payloads& payloads, Totals& totals) {
    if (number != next_ || !payloads.Match(number, payload)) {
      return TakeFaulty(number, payload.size(), payloads.Match(number, payload),
                        totals);
    }
    ++next_;
    ++totals.messages;
    totals.bytes += payload.size();
  }
  // The same where the payload was looked at already.
  void Take(uint64_t number, size_t bytes, bool matches, Totals& totals) {
    TakeFaulty(number, bytes, matches, totals);
  }

  // Messages up to `number` were sent: those that have not come are lost,
  // unless they come later.
  void Expect(uint64_t number, Totals& totals);

  // Numbers begin anew.
  void Restart() { *this = ArrivalCheck(); }

 private:
  void TakeFaulty(uint64_t number, size_t bytes, bool matches, Totals& totals);
  void SkipTo(uint64_t number, Totals& totals);

  uint64_t next_ = 1;
  // Those counted as lost that may still come. Made when there are any.
  std::unique_ptr<std::set<uint64_t>> missing_;
};

// What a server tells about itself: everything since it started.
struct ServerReport {
  uint64_t time_ns = 0;  // When; of a clock that never goes back.
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t lost = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
  uint64_t corrupted = 0;
  uint64_t enters = 0;       // Of the kernel; 0 if it is not known.
  uint64_t completions = 0;  // The same.
  uint64_t cpu_ns = 0;       // Of its process.
  uint64_t memory_bytes = 0;  // Resident.

  void SetTotals(const Totals& totals);
  Totals totals() const;
};

// Its parts in the order in which a packet has them, each a u64; the names are
// the keys of the map.
struct ReportField {
  absl::string_view name;
  uint64_t ServerReport::*value;
};
absl::Span<const ReportField> ReportFields();

std::string EncodeReport(const ServerReport& report);
// Nothing if that is no report.
std::optional<ServerReport> DecodeReport(absl::string_view payload);

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_MESSAGES_H_
