// Terms of every tag, as Erlang nodes write them.
//
// Made by OTP 25.2.3 with
//
//   erl -noshell -eval 'io:format("~s~n", [binary:encode_hex(
//       term_to_binary(Term))]), halt().'
//
// on a node gen@localhost where there are pids, without the version byte.
// "old" marks what only earlier releases write; OTP 25.2.3 reads them:
// `binary_to_term` of 83 and these bytes gives the term that is named.

#ifndef RINGDIST_TESTS_PROTO_GOLDEN_TERMS_H_
#define RINGDIST_TESTS_PROTO_GOLDEN_TERMS_H_

#include "absl/strings/string_view.h"
#include "ringdist/proto/term_tags.h"

namespace ringdist {

struct GoldenTerm {
  absl::string_view erlang;
  absl::string_view hex;
  TermType type;
};

inline constexpr GoldenTerm kGoldenTerms[] = {
    {"0", "6100", TermType::kInteger},
    {"255", "61ff", TermType::kInteger},
    {"256", "6200000100", TermType::kInteger},
    {"-1", "62ffffffff", TermType::kInteger},
    {"2147483647", "627fffffff", TermType::kInteger},
    {"2147483648", "6e040000000080", TermType::kInteger},
    {"-2147483648", "6280000000", TermType::kInteger},
    {"-2147483649", "6e040101000080", TermType::kInteger},
    {"9223372036854775807", "6e0800ffffffffffffff7f", TermType::kInteger},
    {"-9223372036854775808", "6e08010000000000000080", TermType::kInteger},
    {"18446744073709551615", "6e0800ffffffffffffffff", TermType::kInteger},
    {"18446744073709551616", "6e0900000000000000000001", TermType::kInteger},
    {"7, old: LARGE_BIG_EXT", "6f000000010007", TermType::kInteger},
    {"1.5", "463ff8000000000000", TermType::kFloat},
    {"1.5, old: minor_version 0",
     "63312e3530303030303030303030303030303030303030652b30300000000000",
     TermType::kFloat},
    {"ok, old: Latin-1", "6400026f6b", TermType::kAtom},
    {"'h\xc3\xa9', old: Latin-1", "64000268e9", TermType::kAtom},
    {"'h\xc3\xa9', old: SMALL_ATOM_EXT", "730268e9", TermType::kAtom},
    {"'\xe4\xbd\xa0\xe5\xa5\xbd'", "7706e4bda0e5a5bd", TermType::kAtom},
    {"ok, ATOM_UTF8_EXT", "7600026f6b", TermType::kAtom},
    {"{}", "6800", TermType::kTuple},
    {"{a, 1, []}",
     "680364000161"
     "6101"
     "6a",
     TermType::kTuple},
    {"{1}, LARGE_TUPLE_EXT", "69000000016101", TermType::kTuple},
    {"[]", "6a", TermType::kNil},
    {"\"abc\"", "6b0003616263", TermType::kList},
    {"[], as an empty string", "6b0000", TermType::kNil},
    {"[1, a, 300]",
     "6c000000036101640001616200"
     "00012c6a",
     TermType::kList},
    {"[a | b]", "6c000000016400016164000162", TermType::kList},
    {"[], as a list without elements", "6c000000006a", TermType::kNil},
    {"[[[]]]", "6c000000016c000000016a6a6a", TermType::kList},
    {"<<\"xyz\">>", "6d0000000378797a", TermType::kBinary},
    {"<<5:3>>", "4d0000000103a0", TermType::kBitstring},
    {"<<5>>, as a bitstring", "4d000000010805", TermType::kBinary},
    {"<<>>, as a bitstring", "4d0000000000", TermType::kBinary},
    {"#{a => 1, b => [2]}",
     "74000000026400016161016400016"
     "26b000102",
     TermType::kMap},
    {"fun lists:map/2", "716400056c697374736400036d61706102", TermType::kFun},
    {"fun(Y) -> X + Y end",
     "70000000c801065361aa461590d1bdf1eb62d1a6eb080000002a0000000164000865726c"
     "5f6576616c612a6200329b0d5864000d67656e406c6f63616c686f737400000009000000"
     "006b1edf6e680661016c0000000168026400015861076a6400046e6f6e656400046e6f6e"
     "6574000000006c000000016805640006636c6175736561016c0000000168036400037661"
     "726101640001596a6a6c0000000168056400026f7061016400012b680364000376617261"
     "016400015868036400037661726101640001596a6a",
     TermType::kFun},
    {"self()", "5864000d67656e406c6f63616c686f737400000009000000006b1edf6e",
     TermType::kPid},
    {"a pid, old: PID_EXT",
     "6764000d67656e406c6f63616c686f7374000000090000000001", TermType::kPid},
    {"make_ref()",
     "5a000364000d67656e406c6f63616c686f73746b1edf6e00008bf10d90000193fb56ce",
     TermType::kReference},
    {"a reference, old: NEW_REFERENCE_EXT",
     "72000364000d67656e406c6f63616c686f7374020000000100000002"
     "00000003",
     TermType::kReference},
    {"a reference, old: REFERENCE_EXT",
     "6564000d67656e406c6f63616c686f73740000000102", TermType::kReference},
    {"hd(erlang:ports())", "5964000d67656e406c6f63616c686f7374000000006b1edf6e",
     TermType::kPort},
    {"a port, old: PORT_EXT", "6664000d67656e406c6f63616c686f73740000000503",
     TermType::kPort},
    {"a port, V4_PORT_EXT",
     "78770d67656e406c6f63616c686f737400000001000000006b1edf6e",
     TermType::kPort},
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_PROTO_GOLDEN_TERMS_H_
