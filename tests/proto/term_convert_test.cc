#include "ringdist/proto/term_convert.h"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

template <typename T>
std::string TextOf(const T& value) {
  return ToText(MakeTerm(value));
}

Term Parse(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  EXPECT_TRUE(term.ok()) << term.status();
  return term.value_or(Term());
}

// What ReadValue finds wrong.
template <typename T>
std::string ReadError(absl::string_view text) {
  return std::string(ReadValue<T>(Parse(text)).status().message());
}

template <typename Pattern>
std::string MatchError(absl::string_view text, const Pattern& pattern) {
  const Term term = Parse(text);
  const absl::Status status = MatchTerm(term, pattern);
  EXPECT_EQ(status.ok(), Matches(term, pattern));
  return std::string(status.message());
}

TEST(WriteValue, GivesEachTypeItsTerm) {
  EXPECT_EQ(TextOf(true), "true");
  EXPECT_EQ(TextOf(-5), "-5");
  EXPECT_EQ(TextOf(std::numeric_limits<uint64_t>::max()),
            "18446744073709551615");
  EXPECT_EQ(TextOf(1.5), "1.5");
  EXPECT_EQ(TextOf(0.5f), "0.5");
  EXPECT_EQ(TextOf(Atom("ok")), "ok");
  EXPECT_EQ(TextOf("abc"), "<<\"abc\">>");
  EXPECT_EQ(TextOf(std::string("abc")), "<<\"abc\">>");
  EXPECT_EQ(TextOf(absl::string_view("abc")), "<<\"abc\">>");
  EXPECT_EQ(TextOf(std::tuple(1, "a", Atom("b"))), "{1,<<\"a\">>,b}");
  EXPECT_EQ(TextOf(std::pair(1, 2.5)), "{1,2.5}");
  EXPECT_EQ(TextOf(std::vector<int>{1000, 2}), "[1000,2]");
  EXPECT_EQ(TextOf(std::vector<bool>{true, false}), "[true,false]");
  EXPECT_EQ(TextOf(std::vector<int>()), "[]");
  EXPECT_EQ(TextOf(std::map<int, Atom>{{1, Atom("a")}, {2, Atom("b")}}),
            "#{1 => a,2 => b}");
  EXPECT_EQ(TextOf(std::optional<int>(7)), "7");
  EXPECT_EQ(TextOf(std::optional<int>()), "undefined");
  EXPECT_EQ(TextOf(Nil()), "[]");
  EXPECT_EQ(TextOf(std::tuple(MakeTerm(5), MakeTerm(6).view())), "{5,6}");
}

TEST(WriteValue, WritesListsAndMapsOfMixedTypes) {
  EXPECT_EQ(TextOf(List(std::tuple(1, Atom("a"), "b"))), "[1,a,<<\"b\">>]");
  EXPECT_EQ(TextOf(List(std::tuple(1, 2), Atom("x"))), "[1,2|x]");
  EXPECT_EQ(TextOf(List(std::vector<int>{1000, 2}, Atom("x"))), "[1000,2|x]");
  EXPECT_EQ(TextOf(List(std::tuple())), "[]");
  EXPECT_EQ(TextOf(Map(std::pair(Atom("name"), "x"), std::pair(1, Nil()))),
            "#{name => <<\"x\">>,1 => []}");
  EXPECT_EQ(TextOf(Map()), "#{}");
}

TEST(WriteValue, WritesIntoAnyWriter) {
  StringWriter bytes;
  TermWriter writer(bytes);
  WriteValue(writer, std::tuple(Atom("ok"), 5));
  EXPECT_EQ(absl::BytesToHexString(bytes.view()), "680277026f6b6105");
}

TEST(WriteValue, IdentifiersAreReadAgain) {
  const Pid pid("a@h", 5, 1, 9);
  const Reference reference("a@h", 9, {1, 2, 3});
  const Port port("a@h", 7, 9);
  const Term term = MakeTerm(std::tuple(pid, reference, port));
  const auto read = ReadValue<std::tuple<Pid, Reference, Port>>(term);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, std::tuple(pid, reference, port));
  const auto views =
      ReadValue<std::tuple<PidView, ReferenceView, PortView>>(term);
  ASSERT_TRUE(views.ok()) << views.status();
  EXPECT_EQ(MakeTerm(*views), term);
  EXPECT_TRUE(Matches(term, std::tuple(pid, reference, port)));
  EXPECT_TRUE(Matches(term, *views));
}

// Writes a value and reads it.
template <typename T>
void ExpectRoundTrip(const T& value) {
  const Term term = MakeTerm(value);
  const absl::StatusOr<T> read = ReadValue<T>(term);
  ASSERT_TRUE(read.ok()) << ToText(term) << read.status();
  EXPECT_EQ(*read, value) << ToText(term);
  EXPECT_TRUE(Matches(term, value)) << ToText(term);
  EXPECT_EQ(MatchError("{one, two, three, four, five}", value).substr(0, 9),
            "expected ");
}

TEST(ReadValue, GivesWhatWasWritten) {
  ExpectRoundTrip(true);
  ExpectRoundTrip(std::numeric_limits<int64_t>::min());
  ExpectRoundTrip(std::numeric_limits<uint64_t>::max());
  ExpectRoundTrip(std::numeric_limits<int8_t>::min());
  ExpectRoundTrip(std::numeric_limits<uint8_t>::max());
  ExpectRoundTrip('x');
  ExpectRoundTrip(-0.25);
  ExpectRoundTrip(0.25f);
  ExpectRoundTrip(Atom("h\xc3\xa9"));
  ExpectRoundTrip(std::string("\0\xff", 2));
  ExpectRoundTrip(std::tuple(1, Atom("a"), std::tuple(std::string("b"))));
  ExpectRoundTrip(std::pair(1, 2.5));
  ExpectRoundTrip(std::vector<int>{1, 300, -5});
  ExpectRoundTrip(std::vector<bool>{true, false});
  ExpectRoundTrip(std::vector<std::vector<std::string>>{{"a"}, {}});
  ExpectRoundTrip(std::map<int, std::string>{{1, "a"}, {2, "b"}});
  ExpectRoundTrip(absl::flat_hash_map<Atom, int>{{Atom("a"), 1}});
  ExpectRoundTrip(std::optional<int>(5));
  ExpectRoundTrip(std::optional<int>());
  ExpectRoundTrip(Nil());
  ExpectRoundTrip(List(std::tuple(1, Atom("a")), Atom("b")));
  ExpectRoundTrip(List(std::vector<int>{1, 2}, Atom("b")));
  ExpectRoundTrip(Parse("#{[a|b] => 123456789012345678901}"));
}

TEST(ReadValue, ReadsIntegersThatFit) {
  EXPECT_EQ(*ReadValue<int8_t>(Parse("-128")), -128);
  EXPECT_EQ(*ReadValue<uint16_t>(Parse("65535")), 65535);
  EXPECT_EQ(*ReadValue<int64_t>(Parse("-9223372036854775808")),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(ReadError<int8_t>("128"),
            "expected an integer of 8 bits, found 128");
  EXPECT_EQ(ReadError<int32_t>("-2147483649"),
            "expected an integer of 32 bits, found -2147483649");
  EXPECT_EQ(ReadError<uint8_t>("256"),
            "expected an unsigned integer of 8 bits, found 256");
  EXPECT_EQ(ReadError<uint64_t>("-1"),
            "expected an unsigned integer of 64 bits, found -1");
  EXPECT_EQ(ReadError<int64_t>("9223372036854775808"),
            "expected an integer of 64 bits, found 9223372036854775808");
  EXPECT_EQ(ReadError<int64_t>("1.0"),
            "expected an integer of 64 bits, found 1.0");
  EXPECT_EQ(ReadError<bool>("1"), "expected true or false, found 1");
}

TEST(ReadValue, ReadsFloatsAndIntegersAsFloats) {
  EXPECT_EQ(*ReadValue<double>(Parse("1.5")), 1.5);
  EXPECT_EQ(*ReadValue<double>(Parse("-3")), -3.0);
  EXPECT_EQ(*ReadValue<double>(Parse("18446744073709551615")), 0x1p64);
  EXPECT_EQ(*ReadValue<float>(Parse("1.5")), 1.5f);
  EXPECT_EQ(ReadError<double>("18446744073709551616"),
            "expected a float, found 18446744073709551616");
  EXPECT_EQ(ReadError<float>("1.0e39"),
            "expected a float of 32 bits, found 1.0e39");
}

TEST(ReadValue, ReadsTextAsErlangProgramsSendIt) {
  EXPECT_EQ(*ReadValue<std::string>(Parse("<<\"abc\">>")), "abc");
  EXPECT_EQ(*ReadValue<std::string>(Parse("\"abc\"")), "abc");
  EXPECT_EQ(*ReadValue<std::string>(Parse("[]")), "");
  EXPECT_EQ(*ReadValue<std::string>(Parse("[\"a\",[<<\"b\">>,[]|<<\"c\">>]]")),
            "abc");
  EXPECT_EQ(ReadError<std::string>("[1000]"),
            "expected a binary or a list of bytes, found a list of 1");
  EXPECT_EQ(ReadError<std::string>("5"),
            "expected a binary or a list of bytes, found 5");
  EXPECT_EQ(ReadError<std::string>("<<1:3>>"),
            "expected a binary or a list of bytes, found a bitstring");
}

TEST(ReadValue, ViewsLieInTheTerm) {
  const Term term = Parse("{<<\"abc\">>, name, [a]}");
  const auto views =
      ReadValue<std::tuple<absl::string_view, AtomView, TermView>>(term);
  ASSERT_TRUE(views.ok()) << views.status();
  EXPECT_EQ(std::get<0>(*views), "abc");
  EXPECT_GE(std::get<0>(*views).data(), term.bytes().data());
  EXPECT_LT(std::get<0>(*views).data(),
            term.bytes().data() + term.bytes().size());
  EXPECT_EQ(std::get<1>(*views), "name");
  EXPECT_EQ(ToText(std::get<2>(*views)), "[a]");
  EXPECT_EQ(ReadError<absl::string_view>("\"abc\""),
            "expected a binary, found a list of 3");
}

TEST(ReadValue, SaysWhere) {
  using Nested = std::tuple<Atom, int, std::tuple<int64_t, int64_t>>;
  EXPECT_EQ(ReadError<Nested>("{add, 1, {<<1>>, 2}}"),
            "element 3, element 1: expected an integer of 64 bits, found a "
            "binary");
  EXPECT_EQ(ReadError<Nested>("{add, 1}"),
            "expected a tuple of 3, found a tuple of 2");
  EXPECT_EQ(ReadError<Nested>("[1]"),
            "expected a tuple of 3, found a list of 1");
  EXPECT_EQ(ReadError<std::vector<int>>("[1, 2, x]"),
            "element 3: expected an integer of 32 bits, found x");
  EXPECT_EQ(ReadError<std::vector<int>>("[1, 2 | x]"),
            "the tail: expected [], found x");
  EXPECT_EQ(ReadError<std::vector<int>>("#{}"),
            "expected a list, found a map of 0");
  EXPECT_EQ((ReadError<std::map<Atom, int>>("#{a => 1, b => {}}")),
            "the value of b: expected an integer of 32 bits, found a tuple of "
            "0");
  EXPECT_EQ((ReadError<std::map<Atom, int>>("#{1 => 1}")),
            "a key: expected an atom, found 1");
  EXPECT_EQ((ReadError<std::map<double, int>>("#{1 => 1, 1.0 => 2}")),
            "expected each key once, found 1.0");
  EXPECT_EQ(ReadError<std::optional<int>>("x"),
            "expected an integer of 32 bits, found x");
  EXPECT_EQ((ReadError<List<std::tuple<int, int>>>("[1]")),
            "expected a list of 2, found a list of 1");
}

TEST(ReadValue, FromNoTermIsAnError) {
  EXPECT_EQ(ReadValue<Term>(TermView()).status().message(),
            "expected a term, found no term");
  EXPECT_FALSE(ReadValue<int>(TermView()).ok());
  EXPECT_FALSE(ReadValue<std::string>(TermView()).ok());
  EXPECT_FALSE(ReadValue<std::vector<int>>(TermView()).ok());
  EXPECT_FALSE(Matches(TermView(), Any()));
}

TEST(ReadValue, AListIsTheSameHoweverItIsSent) {
  // [1, 2 | [3 | "" ]]: a list whose tail is a list of its own.
  const Term split =
      Term::Trusted(FromHex("6c0000000261016102"
                            "6c000000016103"
                            "6b0000"));
  EXPECT_EQ(*ReadValue<std::vector<int>>(split), std::vector<int>({1, 2, 3}));
  EXPECT_EQ(*ReadValue<std::string>(split), "\1\2\3");
  EXPECT_TRUE(Matches(split, List(std::tuple(1, 2, 3))));
  EXPECT_FALSE(Matches(split, List(std::tuple(1, 2), Any())));
}

TEST(MatchTerm, TakesWhatPointersPointTo) {
  const Term message = MakeTerm(
      std::tuple(Atom("add"), Pid("a@h", 1, 2, 3), std::tuple(7, "x")));
  Pid from;
  int64_t a = 0;
  std::string text;
  EXPECT_TRUE(
      MatchTerm(message, std::tuple(Atom("add"), &from, std::tuple(&a, &text)))
          .ok());
  EXPECT_EQ(from, Pid("a@h", 1, 2, 3));
  EXPECT_EQ(a, 7);
  EXPECT_EQ(text, "x");
}

TEST(MatchTerm, LeavesACaptureAloneThatDoesNotFit) {
  int number = 5;
  std::string text = "kept";
  std::vector<int> list = {1};
  std::tuple<int, int> tuple(1, 2);
  EXPECT_FALSE(Matches(Parse("x"), &number));
  EXPECT_FALSE(Matches(Parse("[97, x]"), &text));
  EXPECT_FALSE(Matches(Parse("[97, x]"), &list));
  EXPECT_FALSE(Matches(Parse("{7, x}"), &tuple));
  EXPECT_EQ(number, 5);
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(list, std::vector<int>({1}));
  EXPECT_EQ(tuple, std::tuple(1, 2));
}

TEST(MatchTerm, ValuesMatchTheTermsTheyAre) {
  EXPECT_EQ(MatchError("ok", Atom("ok")), "");
  EXPECT_EQ(MatchError("ok", AtomView::Utf8("ok")), "");
  EXPECT_EQ(MatchError("error", Atom("ok")), "expected ok, found error");
  EXPECT_EQ(MatchError("<<\"abc\">>", "abc"), "");
  EXPECT_EQ(MatchError("<<\"abd\">>", "abc"),
            "expected <<\"abc\">>, found <<\"abd\">>");
  EXPECT_EQ(MatchError("\"abc\"", "abc"),
            "expected <<\"abc\">>, found a list of 3");
  EXPECT_EQ(MatchError("5", 5), "");
  EXPECT_EQ(MatchError("6", 5), "expected 5, found 6");
  EXPECT_EQ(MatchError("5.0", 5), "expected 5, found 5.0");
  EXPECT_EQ(MatchError("5", 5.0), "expected 5.0, found 5");
  EXPECT_EQ(MatchError("5.0", 5.0), "");
  EXPECT_EQ(MatchError("true", true), "");
  EXPECT_EQ(MatchError("true", false), "expected false, found true");
  EXPECT_EQ(MatchError("{a,[1|2]}", Parse("{a,[1|2]}")), "");
  EXPECT_EQ(MatchError("{a,[1|2]}", Parse("{a,[1|3]}")),
            "expected {a,[1|3]}, found {a,[1|2]}");
  EXPECT_EQ(MatchError("undefined", std::optional<int>()), "");
  EXPECT_EQ(MatchError("5", std::optional<int>()),
            "expected undefined, found 5");
}

TEST(MatchTerm, AnyMatchesAllTerms) {
  EXPECT_TRUE(Matches(Parse("{a,[1|2]}"), Any()));
  EXPECT_TRUE(Matches(Parse("{a,[1|2]}"), std::tuple(Any(), Any())));
}

TEST(MatchTerm, MatchesListsElementByElement) {
  int a = 0, b = 0;
  Atom tail;
  EXPECT_EQ(MatchError("[1,2]", List(std::tuple(&a, &b))), "");
  EXPECT_EQ(std::tuple(a, b), std::tuple(1, 2));
  EXPECT_EQ(MatchError("[3,4|x]", List(std::tuple(&a, 4), &tail)), "");
  EXPECT_EQ(a, 3);
  EXPECT_EQ(tail, Atom("x"));
  EXPECT_EQ(MatchError("[1,2|x]", List(std::tuple(&a, &b))),
            "the tail: expected [], found x");
  EXPECT_EQ(MatchError("[1000,2,3]", List(std::tuple(&a, &b))),
            "expected a list of 2, found a list of 3");
  EXPECT_EQ(MatchError("[1000]", List(std::tuple(&a, &b))),
            "expected a list of 2, found a list of 1");
  EXPECT_EQ(MatchError("[5,6]", std::vector<int*>{&a, &b}), "");
  EXPECT_EQ(std::tuple(a, b), std::tuple(5, 6));
  EXPECT_EQ(MatchError("[1000,x]", std::vector<int*>{&a, &b}),
            "element 2: expected an integer of 32 bits, found x");
  EXPECT_EQ(MatchError("[1000,1001]", std::vector<int*>{&a}),
            "expected a list of 1, found a list of 2");
  EXPECT_EQ(MatchError("[1000]", std::vector<int*>{&a, &b}),
            "expected a list of 2, found a list of 1");
  EXPECT_EQ(MatchError("[]", std::vector<int>()), "");
  EXPECT_EQ(MatchError("[a]", std::vector<int>()),
            "expected a list of 0, found a list of 1");
  EXPECT_EQ(MatchError("[a|b]", std::vector<Any>(1)),
            "the tail: expected [], found b");
}

TEST(MatchTerm, MatchesMapsByTheirKeys) {
  std::string name;
  int age = 0;
  const auto pattern =
      Map(std::pair(Atom("name"), &name), std::pair("age", &age));
  EXPECT_EQ(
      MatchError("#{name => <<\"x\">>, other => 1, <<\"age\">> => 5}", pattern),
      "");
  EXPECT_EQ(name, "x");
  EXPECT_EQ(age, 5);
  EXPECT_EQ(MatchError("#{name => <<\"x\">>, <<\"age\">> => old}", pattern),
            "the value of <<\"age\">>: expected an integer of 32 bits, found "
            "old");
  EXPECT_EQ(MatchError("#{<<\"age\">> => 5}", pattern),
            "expected a map with the key name, found a map of 1");
  EXPECT_EQ(MatchError("[]", pattern), "expected a map, found []");
  // A map that is a value is compared as one.
  EXPECT_EQ(MatchError("#{1 => a}", std::map<int, Atom>{{1, Atom("a")}}), "");
  EXPECT_EQ(
      MatchError("#{1 => a, 2 => b}", std::map<int, Atom>{{1, Atom("a")}}),
      "expected #{1 => a}, found #{1 => a,2 => b}");
}

TEST(MatchTerm, ShortensWhatItShows) {
  const std::string message =
      MatchError("<<\"" + std::string(1000, 'x') + "\">>", "abc");
  EXPECT_LT(message.size(), 150u) << message;
}

TEST(MatchTerm, ResolvesAtomsOfACache) {
  const std::vector<absl::string_view> atoms = {"ok"};
  const std::string bytes = FromHex(
      "6802"
      "5200"
      "6105");
  const TermView term = TermView::Trusted(bytes, atoms);
  Atom atom;
  EXPECT_TRUE(Matches(term, std::tuple(Atom("ok"), 5)));
  EXPECT_TRUE(Matches(term, std::tuple(&atom, 5)));
  EXPECT_EQ(atom, Atom("ok"));
  EXPECT_EQ(MakeTerm(term), MakeTerm(std::tuple(Atom("ok"), 5)));
}

}  // namespace
}  // namespace ringdist
