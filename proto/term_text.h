// Terms as text in Erlang's syntax, both ways.
//
//   ToText(term)                        // {ok,[1,2.5,<<"abc">>,#{a => b}]}
//   ParseTerm("{ok, 16#FF, \"text\", 'An atom', <<1,2:3>>}.")
//
// Printing gives what io:format("~tw") gives, but where a reader of logs gains:
//
//   | term                            | text                                |
//   |---------------------------------|-------------------------------------|
//   | list of printable characters    | "text", as ~tp has it               |
//   | binary of printable UTF-8       | <<"text">>, <<"tëxt"/utf8>>         |
//   | pids, references and ports      | as in identifiers.h, since Erlang's |
//   |                                 | <0.5.0> does not tell the node:     |
//   |                                 | #Pid<srv@localhost.5.0.3286369086>, |
//   |                                 | #Ref<'srv@127.0.0.1'.7.1.2.9>       |
//   | integer of more than 1 KiB      | 16#1A2B...                          |
//   | maybe, else                     | 'maybe': reserved in later releases |
//   | closure                         | #Fun<module.index.uniq>             |
//
// All of it but closures can be parsed back, to a term that is =:=. The pairs
// of a map come in the order in which they were sent.

#ifndef RINGDIST_PROTO_TERM_TEXT_H_
#define RINGDIST_PROTO_TERM_TEXT_H_

#include <cstddef>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {

// The text, UTF-8, of a term of any depth. If it is longer than `max_bytes` it
// is cut to that size, with "..." as its end. An empty view has an empty text.
// Takes time in proportion to the term, or to `max_bytes` if that is less.
std::string ToText(const TermView& term,
                   size_t max_bytes = std::numeric_limits<size_t>::max());

// Reads one term, nested to any depth, with white space and % comments around
// its parts and, if one likes, a full stop behind it. Besides what ToText and
// Erlang print it takes what people write: 16#ff, 1_000, $a, - 1, "ab" "cd",
// <<1:16>>. The syntax is that of OTP's erl_parse:parse_term/1; but what would
// lose something there is an error here: an integer in a binary that does not
// fit its bits, a key that a map has twice.
//
// InvalidArgument: "line 1, column 7: expected , or ], found }"; also for more
// than kMaxParseBytes, for integers of more than 160,000 digits (but in base
// 16 or another power of two), and for maps that are keys of keys of maps,
// more than kMaxKeyDepth deep. Takes time in proportion to the text.
inline constexpr size_t kMaxParseBytes = size_t{1} << 30;
inline constexpr size_t kMaxKeyDepth = 16;
absl::StatusOr<Term> ParseTerm(absl::string_view text);

}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_TEXT_H_
