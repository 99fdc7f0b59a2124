// The messages of a load, as all ends speak them, and how they are checked.
//
// At packet level, and between what only moves bytes (epoll, uring, plain,
// spin), a packet is, after its length of 4 bytes,
//
//   u8 type | u56 number | payload                  (big-endian)
//
//   type       from the client                     from the server
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
// A connection, or stream, begins with a report of number 0: its numbers begin
// anew. (A flood to the same process goes on: who only receives has no other
// number to ask with.) They count from 1 for each connection and direction:
// data and acks together, and echoes by themselves.
//
// Payloads are those of payloads.h.

#ifndef RINGDIST_BENCH_LOAD_MESSAGES_H_
#define RINGDIST_BENCH_LOAD_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/bench/load/arrival_check.h"

namespace ringdist {

enum class MessageType : uint8_t {
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
constexpr uint64_t MessageHeader(MessageType type, uint64_t number) {
  return uint64_t{static_cast<uint8_t>(type)} << 56 | number;
}
constexpr MessageType TypeOf(uint64_t header) {
  return static_cast<MessageType>(header >> 56);
}
constexpr uint64_t NumberOf(uint64_t header) { return header & kMaxNumber; }

// What a server tells about itself: everything since it started.
struct ServerReport {
  uint64_t time_ns = 0;  // When; of a clock that never goes back.
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t lost = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;
  uint64_t corrupted = 0;
  uint64_t enters = 0;        // Of the kernel; 0 if it is not known.
  uint64_t completions = 0;   // The same.
  uint64_t cpu_ns = 0;        // Of its process.
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
