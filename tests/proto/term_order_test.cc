#include "ringdist/proto/term_order.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/proto/golden_terms.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

Term Parse(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  EXPECT_TRUE(term.ok()) << text << term.status();
  return term.value_or(Term());
}

Term Hex(absl::string_view hex) {
  const auto term = Term::FromExternal(absl::StrCat("\x83", FromHex(hex)));
  EXPECT_TRUE(term.ok()) << hex << term.status();
  return term.value_or(Term());
}

int Sign(std::weak_ordering order) {
  return std::is_lt(order) ? -1 : std::is_gt(order) ? 1 : 0;
}

// Both ways round, and the hash.
void ExpectEqual(const Term& a, const Term& b) {
  EXPECT_TRUE(std::is_eq(CompareTerms(a, b))) << ToText(a) << " " << ToText(b);
  EXPECT_TRUE(std::is_eq(CompareExactly(a, b)))
      << ToText(a) << " " << ToText(b);
  EXPECT_TRUE(std::is_eq(CompareExactly(b, a)))
      << ToText(a) << " " << ToText(b);
  EXPECT_EQ(HashTerm(a), HashTerm(b)) << ToText(a) << " " << ToText(b);
}

// `order` is that of `a` and `b` for CompareTerms.
void ExpectDifferent(const Term& a, const Term& b, int order) {
  EXPECT_EQ(Sign(CompareTerms(a, b)), order) << ToText(a) << " " << ToText(b);
  EXPECT_EQ(Sign(CompareTerms(b, a)), -order) << ToText(a) << " " << ToText(b);
  EXPECT_TRUE(std::is_lt(CompareExactly(a, b)))
      << ToText(a) << " " << ToText(b);
  EXPECT_TRUE(std::is_gt(CompareExactly(b, a)))
      << ToText(a) << " " << ToText(b);
  EXPECT_NE(HashTerm(a), HashTerm(b)) << ToText(a) << " " << ToText(b);
}

// Each comes before all behind it, as a term of Erlang does.
void ExpectAscending(const std::vector<Term>& terms) {
  for (size_t i = 0; i < terms.size(); ++i) {
    ExpectEqual(terms[i], terms[i]);
    for (size_t j = i + 1; j < terms.size(); ++j) {
      ExpectDifferent(terms[i], terms[j], -1);
    }
  }
}

void ExpectAscending(std::initializer_list<absl::string_view> texts) {
  std::vector<Term> terms;
  for (const absl::string_view text : texts) terms.push_back(Parse(text));
  ExpectAscending(terms);
}

TEST(TermOrder, OrdersTypes) {
  ExpectAscending({"5", "a", "#Ref<'a@h'.1.2.3>", "fun lists:map/2",
                   "#Port<'a@h'.1.2>", "#Pid<'a@h'.1.2.3>", "{}", "#{}", "[]",
                   "[a]", "<<>>"});
  ExpectAscending({TermView(), Parse("1")});
}

TEST(TermOrder, OrdersIntegersByValue) {
  ExpectAscending({"-18446744073709551616", "-9223372036854775809",
                   "-9223372036854775808", "-2147483649", "-2147483648", "-1",
                   "0", "255", "256", "2147483647", "2147483648",
                   "9223372036854775807", "9223372036854775808",
                   "18446744073709551615", "18446744073709551616",
                   "18446744073709551617", "16#100000000000000000000"});
}

TEST(TermOrder, OrdersIntegersAndFloatsByValue) {
  ExpectAscending({"-1.0e300",
                   "-36893488147419103233",
                   "-36893488147419103232.0",
                   "-36893488147419103231",
                   "-9223372036854775809",
                   "-2",
                   "-1.5",
                   "-1",
                   "-0.5",
                   "0",
                   "0.5",
                   "1",
                   "1.5",
                   "9007199254740991",
                   "9007199254740992",
                   "9007199254740993",
                   "9007199254740994.0",
                   "9007199254740995",
                   "9223372036854775807",
                   "9223372036854777856.0",
                   "9223372036854777857",
                   "36893488147419103231",
                   "36893488147419103232.0",
                   "36893488147419103233",
                   "1.0e300"});
  // A number with more bits than the largest float.
  const Term huge = Parse("16#1" + std::string(300, '0'));
  ExpectAscending({Parse("1.7976931348623157e308"), huge});
  ExpectAscending({Parse("-16#1" + std::string(300, '0')),
                   Parse("-1.7976931348623157e308")});
}

TEST(TermOrder, AnIntegerIsEqualToItsFloatButNotTheSame) {
  ExpectDifferent(Parse("1"), Parse("1.0"), 0);
  ExpectDifferent(Parse("-9007199254740992"), Parse("-9007199254740992.0"), 0);
  ExpectDifferent(Parse("9223372036854775808"), Parse("9223372036854775808.0"),
                  0);
  ExpectDifferent(Parse("-36893488147419103232"),
                  Parse("-36893488147419103232.0"), 0);
  ExpectDifferent(Parse("{1,[2],#{a => 3}}"), Parse("{1,[2],#{a => 3.0}}"), 0);
  // The first of them decides, unless values do.
  ExpectDifferent(Parse("{1,2.0}"), Parse("{1.0,2}"), 0);
  ExpectDifferent(Parse("{1.0,2}"), Parse("{1,3}"), -1);
}

// As OTP up to 26 has it.
TEST(TermOrder, BothZerosAreTheSame) {
  ExpectEqual(Parse("0.0"), Parse("-0.0"));
}

TEST(TermOrder, OrdersAtomsByTheirCharacters) {
  ExpectAscending({"''", "'A'", "a", "aa", "ab", "b", "'h\xc3\xa9'",
                   "'h\xc3\xbf'", "'\xc3\xa9'", "'\xc4\x80'", "'\xe4\xbd\xa0'",
                   "'\xf0\x9f\x98\x80'"});
  // Latin-1 in front of, the same as and behind UTF-8.
  ExpectAscending({Hex("730268e8"), Hex("770368c3a9"), Hex("730268ff")});
  ExpectEqual(Hex("730268e9"), Hex("770368c3a9"));
}

TEST(TermOrder, OrdersTuplesBySizeFirst) {
  ExpectAscending({"{}", "{z}", "{a,b}", "{a,c}", "{b,a}", "{a,a,a}"});
}

TEST(TermOrder, OrdersListsByElement) {
  ExpectAscending({"[]", "[1|a]", "[1]", "[1,2]", "[1,2,3]", "[1,2|<<>>]",
                   "[1,3]", "[1|<<>>]", "[2]", "[[]]"});
}

TEST(TermOrder, OrdersBitstringsByBit) {
  ExpectAscending({"<<>>", "<<0:1>>", "<<0:7>>", "<<0>>", "<<0,0>>", "<<1>>",
                   "<<1:2>>", "<<1:1>>", "<<129:8>>", "<<255:8,0:1>>",
                   "<<255:8,1:1>>"});
}

TEST(TermOrder, OrdersMapsBySizeThenKeysThenValues) {
  ExpectAscending({"#{}", "#{z => 1}", "#{a => 1,b => 1}", "#{a => 1,b => 2}",
                   "#{a => 2,b => 1}", "#{a => 1,c => 0}", "#{b => 1,c => 0}",
                   "#{a => 1,b => 1,c => 1}"});
  // Keys that are integers come before those that are floats.
  ExpectAscending({"#{1 => a}", "#{5 => a}", "#{1.0 => a}", "#{5.0 => a}"});
  ExpectAscending(
      {"#{5 => a,1.0 => b}", "#{5 => a,1.0 => c}", "#{5 => b,1.0 => a}"});
}

TEST(TermOrder, MapsAreTheSameInWhicheverOrder) {
  ExpectEqual(Parse("#{a => 1,b => 2,3 => #{x => y,{} => z}}"),
              Parse("#{3 => #{{} => z,x => y},b => 2,a => 1}"));
  ExpectEqual(Parse("#{#{a => 1,b => 2} => x,#{a => 1,c => 2} => y}"),
              Parse("#{#{c => 2,a => 1} => y,#{b => 2,a => 1} => x}"));
  std::string up, down;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&up, i > 0 ? "," : "", i, " => ", i * i);
    absl::StrAppend(&down, i > 0 ? "," : "", 99 - i, " => ",
                    (99 - i) * (99 - i));
  }
  ExpectEqual(Parse("#{" + up + "}"), Parse("#{" + down + "}"));
}

// What stands behind a map is compared when the map is.
TEST(TermOrder, GoesOnBehindAMap) {
  ExpectAscending(
      {"{#{a => 1,b => 2},1}", "{#{b => 2,a => 1},2}", "{#{b => 2,a => 1},3}"});
  ExpectAscending({"#{a => {#{x => 1,y => 2},3},b => 4}",
                   "#{b => 4,a => {#{y => 2,x => 1},4}}"});
  ExpectAscending({"[#{b => 1,a => 2},#{c => 1,d => 2}|1]",
                   "[#{a => 2,b => 1},#{d => 2,c => 1}|2]"});
}

TEST(TermOrder, OrdersIdentifiersAsANodeDoes) {
  ExpectAscending({"#Pid<'b@h'.2.1.9>", "#Pid<'b@h'.1.2.9>",
                   "#Pid<'a@h'.2.2.8>", "#Pid<'a@h'.2.2.9>",
                   "#Pid<'b@h'.2.2.1>"});
  ExpectAscending({"#Port<'a@h'.9.1>", "#Port<'a@h'.1.2>", "#Port<'a@h'.2.2>",
                   "#Port<'b@h'.1.1>"});
  ExpectAscending({"#Ref<'a@h'.9.9.1>", "#Ref<'a@h'.2.1.2>",
                   "#Ref<'a@h'.1.2.2>", "#Ref<'a@h'.0.0.1.2>",
                   "#Ref<'b@h'.1.1>"});
  // Words of zero at the end: the same reference in OTP, too.
  ExpectEqual(Parse("#Ref<'a@h'.1.2.9>"), Parse("#Ref<'a@h'.1.2.0.9>"));
}

// p, size, arity, uniq, index, free variables, module, old index, old uniq,
// creator, the variables.
Term Closure(absl::string_view module, int index, int creator, int variable) {
  const std::string body =
      absl::StrCat("00", std::string(32, '7'), "00000001", "00000001", "7701",
                   module, "610", index, "6101", "5877036140680000000", creator,
                   "0000000000000009", "610", variable);
  return Hex(absl::StrCat("70", "000000",
                          absl::BytesToHexString(std::string(
                              1, static_cast<char>(4 + body.size() / 2))),
                          body));
}

TEST(TermOrder, OrdersFuns) {
  ExpectAscending({Closure("61", 1, 1, 1), Closure("61", 1, 1, 2),
                   Closure("61", 2, 1, 1), Closure("62", 1, 1, 1),
                   Parse("fun a:a/1"), Parse("fun a:a/2"), Parse("fun a:b/1"),
                   Parse("fun b:a/1")});
  // Who made it does not matter.
  ExpectEqual(Closure("61", 1, 1, 1), Closure("61", 1, 2, 1));
}

TEST(TermOrder, ATermIsTheSameHoweverItIsSent) {
  ExpectEqual(Hex("6105"), Hex("6200000005"));
  ExpectEqual(Hex("6105"), Hex("6e010005"));
  ExpectEqual(Hex("6105"), Hex("6f000000030005"
                               "0000"));
  ExpectEqual(Hex("6e0900000000000000000001"),
              Hex("6f0000000b000000000000000000010000"));
  ExpectEqual(Hex("463ff8000000000000"),
              Hex("63312e3530303030303030303030303030303030303030652b30300000"
                  "000000"));
  ExpectEqual(Hex("680161"
                  "05"),
              Hex("69000000016105"));
  ExpectEqual(Hex("6a"), Hex("6b0000"));
  ExpectEqual(Hex("6b000261"
                  "62"),
              Hex("6c00000002616161626a"));
  // [1, 2 | [3 | "4"]], of lists that are tails.
  ExpectEqual(Hex("6b000401020304"), Hex("6c0000000261016102"
                                         "6c000000016103"
                                         "6c00000000"
                                         "6b000104"));
  ExpectEqual(Hex("6d0000000178"), Hex("4d000000010878"));
  ExpectEqual(Hex("6d00000000"), Hex("4d0000000000"));
  // Bits that are not in use.
  ExpectEqual(Hex("4d0000000103a0"), Hex("4d0000000103bf"));
  ExpectEqual(Hex("770161"), Hex("7600"
                                 "0161"));
  const std::vector<absl::string_view> atoms = {"ok"};
  const std::string cached = FromHex(
      "680152"
      "00");
  const TermView view = TermView::Trusted(cached, atoms);
  const Term plain = Parse("{ok}");
  EXPECT_TRUE(std::is_eq(CompareExactly(view, plain)));
  EXPECT_EQ(HashTerm(view), HashTerm(plain));
  ExpectEqual(Term(view), plain);
}

TEST(TermOrder, GoldenTermsAreTheSameAsThemselves) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    ExpectEqual(Hex(golden.hex), Hex(golden.hex));
  }
}

// A key twice is nothing that a node sends; still there is one order.
TEST(TermOrder, IsTotalForKeysThatAreThereTwice) {
  const Term one = Hex("74000000026101610161016102");
  const Term two = Hex("74000000026101610261016101");
  ExpectEqual(one, one);
  EXPECT_TRUE(std::is_lt(CompareExactly(one, two)));
  EXPECT_TRUE(std::is_gt(CompareExactly(two, one)));
}

// `depth` times `begin`, `middle`, `depth` times `end`.
Term Nested(int depth, absl::string_view begin, absl::string_view middle,
            absl::string_view end) {
  const std::string before = FromHex(begin);
  const std::string behind = FromHex(end);
  std::string bytes;
  for (int i = 0; i < depth; ++i) bytes += before;
  bytes += FromHex(middle);
  for (int i = 0; i < depth; ++i) bytes += behind;
  return Term::Trusted(std::move(bytes));
}

void ExpectDeepOrder(int depth, absl::string_view begin,
                     absl::string_view end) {
  const Term one = Nested(depth, begin, "6101", end);
  const Term same = Nested(depth, begin, "6e010001", end);
  const Term two = Nested(depth, begin, "6102", end);
  EXPECT_TRUE(std::is_eq(CompareExactly(one, same)));
  EXPECT_TRUE(std::is_lt(CompareTerms(one, two)));
  EXPECT_EQ(HashTerm(one), HashTerm(same));
  EXPECT_NE(HashTerm(one), HashTerm(two));
}

TEST(TermOrder, ListsMayBeNestedDeep) {
  ExpectDeepOrder(1000000, "6c00000001", "6a");    // [[[1]]]
  ExpectDeepOrder(1000000, "6c000000016105", "");  // [5|[5|[5|1]]]
}

TEST(TermOrder, TuplesMayBeNestedDeep) {
  ExpectDeepOrder(1000000, "6801", "");    // {{{1}}}
  ExpectDeepOrder(1000000, "6802", "6a");  // {{{1,[]},[]},[]}
}

TEST(TermOrder, MapsMayBeNestedDeep) {
  ExpectDeepOrder(100000, "7400000001610a", "");          // As values.
  ExpectDeepOrder(100000, "7400000001", "610a");          // As keys.
  ExpectDeepOrder(100000, "740000000261026103", "610a");  // The second of two.
  ExpectDeepOrder(100000, "7400000002", "610a6a610b");    // The first of two.
}

// The next ones would not end in time if a map were sorted whenever it is met,
// or if what takes long to read were read again in each comparison.

// A map of two pairs, in one order or the other.
std::string MapOf(absl::string_view first, absl::string_view second,
                  bool turned) {
  const std::string header = FromHex("7400000002");
  const std::string value = FromHex("6101");
  return turned ? absl::StrCat(header, second, value, first, value)
                : absl::StrCat(header, first, value, second, value);
}

// Of maps in the keys of maps, two keys each, `depth` deep.
std::string KeysOfKeys(int depth, bool turned) {
  std::string small = "a";
  small.push_back('\5');
  for (int i = 0; i < 4; ++i) small = MapOf(small, FromHex("6102"), turned);
  std::string map = small;
  for (int i = 0; i < depth; ++i) map = MapOf(map, small, turned);
  return map;
}

TEST(TermOrder, MapsInKeysOfMapsCostLittle) {
  ExpectEqual(Term::Trusted(KeysOfKeys(1000, false)),
              Term::Trusted(KeysOfKeys(1000, true)));
}

constexpr int kSlow = 20000000;  // Bytes.

// {Key, I} for many I; where `slow` stands for the Key in the middle one, which
// is compared with half of the others.
Term MapWithSlowKey(absl::string_view slow, absl::string_view fast) {
  constexpr uint32_t kHalf = 10000;
  StringWriter bytes;
  const auto write = [&](absl::string_view key, uint32_t number) {
    bytes.WriteBytes(FromHex("6802"));
    bytes.WriteBytes(key);
    bytes.WriteBytes(FromHex("62"));
    bytes.WriteU32(number);
    bytes.WriteBytes("j");
  };
  bytes.WriteBytes(FromHex("74"));
  bytes.WriteU32(2 * kHalf);
  write(slow, kHalf);
  for (uint32_t i = 1; i < kHalf; ++i) write(fast, kHalf + i);
  for (uint32_t i = 0; i < kHalf; ++i) write(fast, i);
  return Term::Trusted(std::string(bytes.view()));
}

TEST(TermOrder, RowsOfEmptyListsCostLittle) {
  const std::string empty_list = FromHex("6c00000000");
  std::string slow;
  for (int i = 0; i < kSlow / 5; ++i) slow += empty_list;
  slow += FromHex("6105");
  ExpectEqual(MapWithSlowKey(slow, FromHex("6105")),
              MapWithSlowKey(FromHex("6105"), FromHex("6105")));
}

TEST(TermOrder, ZerosInFrontOfAnIntegerCostLittle) {
  StringWriter slow;
  slow.WriteBytes("o");
  slow.WriteU32(kSlow);
  slow.WriteBytes(FromHex("0005"));
  slow.WriteBytes(std::string(kSlow - 1, '\0'));
  ExpectEqual(MapWithSlowKey(slow.view(), FromHex("6105")),
              MapWithSlowKey(FromHex("6105"), FromHex("6105")));
}

}  // namespace
}  // namespace ringdist
