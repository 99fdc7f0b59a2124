// Control messages of every operation, as Erlang's own encoder writes them.
//
// The control terms were made by OTP 25.2.3 with
//
//   term_to_binary(Tuple, [{minor_version, 2}])
//
// where From = <p@h.5.1> of creation 9, To = <o@h.7.0> of creation 4, Ref is of
// p@h and Alias of o@h, and Token = {1, 2, 3, From, 4}. The pids were made with
// binary_to_term of the bytes below.

#ifndef RINGDIST_TESTS_PROTO_GOLDEN_CONTROL_MESSAGES_H_
#define RINGDIST_TESTS_PROTO_GOLDEN_CONTROL_MESSAGES_H_

#include <string>
#include <vector>

namespace ringdist {

struct GoldenControlMessage {
  std::string erlang;   // "{1, From, To}"
  std::string control;  // In hexadecimal, without the version byte.
  std::string payload;  // The same; empty if the operation has none.
  std::string text;     // What ToString makes of it.

  // The body of a packet: 70 83 <control> [83 <payload>].
  std::string Body() const;
};

std::vector<GoldenControlMessage> GoldenControlMessages();

}  // namespace ringdist

#endif  // RINGDIST_TESTS_PROTO_GOLDEN_CONTROL_MESSAGES_H_
