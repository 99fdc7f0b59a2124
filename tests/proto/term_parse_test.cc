// ParseTerm, beyond what ToText prints: see also term_text_test.cc.

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_reader.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Repeat(absl::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

// What `text` is as a term, in hex; or the error.
std::string Parsed(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  if (!term.ok()) return std::string(term.status().message());
  TermReader reader(term->bytes());
  reader.ReadTerm();
  EXPECT_TRUE(reader.ok() && reader.AtEnd()) << text;
  return absl::BytesToHexString(term->bytes());
}

// The text of the term that `text` is.
std::string Reprinted(absl::string_view text) {
  const absl::StatusOr<Term> term = ParseTerm(text);
  if (!term.ok()) return std::string(term.status().message());
  return ToText(*term);
}

TEST(ParseTerm, TakesWhatPeopleWrite) {
  const struct {
    absl::string_view text;
    absl::string_view printed;
  } cases[] = {
      {" \n{ok , [ ] , { }\n}\t. % done", "{ok,[],{}}"},
      {"% of\n% note\n[a%b\n,b|c % ]\n]", "[a,b|c]"},
      {"[a|[b,c|[d|[]]]]", "[a,b,c,d]"},
      {"[1|\"ab\"]", "[1,97,98]"},
      {"[97|\"\u4f60\" \"b\"]", "\"a\u4f60b\""},
      {"[a|[b|[c|d]]]", "[a,b,c|d]"},
      {"[a|{b,[c|[d]]}]", "[a|{b,[c,d]}]"},
      {"#{ }", "#{}"},
      {"#{a=>b,#{c=>d,e=>f}=>[]}", "#{a => b,#{c => d,e => f} => []}"},
      {"1_000_000", "1000000"},
      {"1_0.2_5e1_0", "1.025e11"},
      {"- 5", "-5"},
      {"+5", "5"},
      {"-\n%\n0", "0"},
      {"16#fF", "255"},
      {"-16#FF_FF", "-65535"},
      {"2#1_01", "5"},
      {"36#Zz", "1295"},
      {"7#666666666666666666666666", "191581231380566414400"},
      {"8#7777777777777777777777", "73786976294838206463"},
      {"000000000000000000000000000000000000001", "1"},
      {"1.5e-3", "0.0015"},
      {"1.5E+3", "1.5e3"},
      {"1.0e-400", "0.0"},
      {"1.", "1"},
      {"1.5.", "1.5"},
      {"[$a,$\\n,$ ,$',$\u4f60,$\\s,$\\x{4f60},$\\101]",
       "\"a\\n '\u4f60 \u4f60A\""},
      {"-$a", "-97"},
      {"\"ab\" % and\n\"cd\"", "\"abcd\""},
      {"\"\"", "[]"},
      {"\"\\b\\d\\e\\f\\n\\r\\s\\t\\v\\q\"", "[8,127,27,12,10,13,32,9,11,113]"},
      {"\"\\0\\12\\1234\\777\\x41\\x{0041}\\^A\\^z\\^[\"",
       "[0,10,83,52,511,65,65,1,26,27]"},
      {"\"two\nlines\"", "\"two\\nlines\""},
      {"'\\x41\\'\\n'", "'A\\'\\n'"},
      // Its first digits are those of a surrogate.
      {"$\\x{d8000}", "884736"},
      {"maybe", "'maybe'"},
      {"else", "'else'"},
      {"<<\"\">>", "<<>>"},
      {"<< >>", "<<>>"},
      {"<<$a, 16#62 , \"c\" \"d\",101>>", "<<\"abcde\">>"},
      {"<<\"\u00e9\">>", "<<233>>"},
      {"<<\"\u00e9\"/utf8,\"!\">>", "<<\"\u00e9!\"/utf8>>"},
      {"<<\"\u4f60\"/utf8>>", "<<\"\u4f60\"/utf8>>"},
      {"<<-1,-128,255>>", "<<255,128,255>>"},
      {"<<1:16>>", "<<0,1>>"},
      {"<<-1:64,18446744073709551615:64>>",
       "<<255,255,255,255,255,255,255,255,255,255,255,255,255,255,255,255>>"},
      {"<<-9223372036854775808:64,0:0>>", "<<128,0,0,0,0,0,0,0>>"},
      {"<<5:3,1:5,0:7,1: 1>>", "<<161,1>>"},
      {"<<1:1,255,\"a\">>", "<<255,176,1:1>>"},
      {"fun  lists : map / 2", "fun lists:map/2"},
      {"fun a:b/300", "fun a:b/300"},
      {"fun erlang:div/2", "fun erlang:'div'/2"},
      {"funny", "funny"},
      {"#Pid<srv@localhost.5.0.1>", "#Pid<srv@localhost.5.0.1>"},
      {"#Pid<'srv@localhost'.5.0.1>", "#Pid<srv@localhost.5.0.1>"},
      {"#Ref<a@h.1.2.3.4.5.6>", "#Ref<a@h.1.2.3.4.5.6>"},
  };
  for (const auto& expected : cases) {
    EXPECT_EQ(Reprinted(expected.text), expected.printed) << expected.text;
  }
}

TEST(ParseTerm, WritesWhatATermWriterWouldWrite) {
  EXPECT_EQ(Parsed("[a|[b]]"),
            "6c00000002"
            "770161"
            "770162"
            "6a");
  EXPECT_EQ(Parsed("[1|\"ab\"]"),
            "6c00000003"
            "6101"
            "6161"
            "6162"
            "6a");
  const std::string elements = Repeat("1,", 255);
  EXPECT_THAT(Parsed(absl::StrCat("{", elements, "1}")), StartsWith("6900000100"
                                                                    "6101"));
  EXPECT_THAT(Parsed(absl::StrCat("{", elements.substr(2), "1}")),
              StartsWith("68ff"
                         "6101"));
  EXPECT_THAT(Parsed(absl::StrCat("\"", Repeat("x", 65536), "\"")),
              StartsWith("6c00010000"
                         "6178"));
  EXPECT_EQ(Parsed("-18446744073709551615"), "6e0801ffffffffffffffff");
  EXPECT_EQ(Parsed("18446744073709551615"), "6e0800ffffffffffffffff");
}

TEST(ParseTerm, TellsWhereAndWhatWasExpected) {
  const struct {
    absl::string_view text;
    absl::string_view error;
  } cases[] = {
      {"", "line 1, column 1: expected a term, found the end of the text"},
      {" % a\n ",
       "line 2, column 2: expected a term, found the end of the text"},
      {".", "line 1, column 1: expected a term, found ."},
      {"Var", "line 1, column 1: expected a term, found Var"},
      {"_", "line 1, column 1: expected a term, found _"},
      {"\u4f60", "line 1, column 1: expected a term, found \u4f60"},
      {"[1, \x80]",
       "line 1, column 5: expected a term, found a byte that is not UTF-8"},
      {"[\x01]",
       "line 1, column 2: expected a term, found a control character"},
      {"a b", "line 1, column 3: expected a full stop or the end, found b"},
      {"a. b", "line 1, column 4: expected the end of the text, found b"},
      {"1.e5", "line 1, column 3: expected the end of the text, found e5"},
      {"1-2", "line 1, column 2: expected a full stop or the end, found -"},
      {"1__0", "line 1, column 2: expected a full stop or the end, found __0"},
      {"{ok, }", "line 1, column 6: expected a term, found }"},
      {"{ok\n  hm}", "line 2, column 3: expected , or }, found hm"},
      {"{'\u4f60\u00e9' ]", "line 1, column 7: expected , or }, found ]"},
      {"[a}", "line 1, column 3: expected , or | or ], found }"},
      {"[a,]", "line 1, column 4: expected a term, found ]"},
      {"[|a]", "line 1, column 2: expected a term, found |"},
      {"[a|b,c]", "line 1, column 5: expected ], found ,"},
      {"[a|[b],c]", "line 1, column 7: expected ], found ,"},
      {"[a|\"b\",c]", "line 1, column 7: expected ], found ,"},
      {"#{a}", "line 1, column 4: expected =>, found }"},
      {"#{a:=1}", "line 1, column 4: expected =>, found :"},
      {"#{a=>1",
       "line 1, column 7: expected , or }, found the end of the text"},
      {"#{a=>1,\n b=>2, a=>3}",
       "line 2, column 8: expected a key that the map does not have yet, found "
       "a"},
      {"#{\"ab\"=>1, [97,98]=>2}",
       "line 1, column 12: expected a key that the map does not have yet, "
       "found ["},
      {"#{#{x=>1,y=>2}=>1, #{y=>2,x=>1}=>2}",
       "line 1, column 20: expected a key that the map does not have yet, "
       "found #"},
      {"#rec{}", "line 1, column 1: expected a term, found #rec"},
      {"(1)", "line 1, column 1: expected a term, found ("},
      {"end",
       "line 1, column 1: expected an atom, or 'end' in quotes, found end"},
      {"- a", "line 1, column 3: expected a number, found a"},
      {"--1", "line 1, column 2: expected a number, found -"},
      {"37#1", "line 1, column 1: expected a base from 2 to 36, found 37"},
      {"1#1", "line 1, column 1: expected a base from 2 to 36, found 1"},
      {"2#2", "line 1, column 3: expected a digit of base 2, found 2"},
      {"[1.0e400]", "line 1, column 2: expected a float of 64 bits, found 1"},
      {"$",
       "line 1, column 2: expected a character, found the end of the text"},
      {"$\\",
       "line 1, column 3: expected a character, found the end of the text"},
      {"{\"abc",
       "line 1, column 2: expected a closing \" to this one, found the end of "
       "the text"},
      {"'abc\\'",
       "line 1, column 1: expected a closing ' to this one, found the end of "
       "the text"},
      {"\"\\xg\"", "line 1, column 4: expected a digit of base 16, found g"},
      {"\"\\x4\"", "line 1, column 5: expected a digit of base 16, found \""},
      {"\"\\x{}\"", "line 1, column 5: expected a digit of base 16, found }"},
      {"\"\\x{4 \"",
       "line 1, column 6: expected a digit of base 16 or }, found a blank"},
      {"\"\\x{d800}\"",
       "line 1, column 4: expected the number of a Unicode character, found {"},
      {"\"\\x{110000}\"",
       "line 1, column 4: expected the number of a Unicode character, found {"},
      {"\"\\x{100000000000000041}\"",
       "line 1, column 4: expected the number of a Unicode character, found {"},
      {"\"\\^1\"", "line 1, column 4: expected a letter, found 1"},
      {"\"a\xff\"",
       "line 1, column 3: expected a character, found a byte that is not "
       "UTF-8"},
      {"\"\xed\xa0\x80\"",
       "line 1, column 2: expected a character, found a byte that is not "
       "UTF-8"},
      {"<0.5.0>", "line 1, column 1: expected <<, found <"},
      {"<<a>>", "line 1, column 3: expected an integer or a string, found a"},
      {"<<1", "line 1, column 4: expected , or >>, found the end of the text"},
      {"<<1,>>", "line 1, column 5: expected an integer or a string, found >"},
      {"<<256>>", "line 1, column 3: expected an integer of 8 bits, found 256"},
      {"<<-129>>", "line 1, column 3: expected an integer of 8 bits, found -"},
      {"<<1:0>>", "line 1, column 3: expected an integer of 0 bits, found 1"},
      {"<<-1:0>>", "line 1, column 3: expected an integer of 0 bits, found -"},
      {"<<18446744073709551616:64>>",
       "line 1, column 3: expected an integer of 64 bits, found "
       "18446744073709551616"},
      {"<<-9223372036854775809:64>>",
       "line 1, column 3: expected an integer of 64 bits, found -"},
      {"<<1.5>>", "line 1, column 3: expected an integer of 8 bits, found 1"},
      {"<<1:65>>",
       "line 1, column 5: expected a number from 0 to 64, found 65"},
      {"<<1:a>>", "line 1, column 5: expected a number from 0 to 64, found a"},
      {"<<\"\u4f60\">>",
       "line 1, column 6: expected /utf8, as there is a character above 255, "
       "found >"},
      {"<<\"a\"/utf16>>", "line 1, column 6: expected , or >>, found /"},
      {"fun(X) -> X end", "line 1, column 4: expected an atom, found ("},
      {"fun f/1", "line 1, column 6: expected :, found /"},
      {"fun a:b", "line 1, column 8: expected /, found the end of the text"},
      {"fun a:b/-1",
       "line 1, column 9: expected a number from 0 to 9223372036854775807, "
       "found -"},
      {"#Pid<0.5.0>",
       "line 1, column 6: expected node.id.serial.creation>, found 0"},
      {"#Pid<a@h.5.0.1",
       "line 1, column 6: expected node.id.serial.creation>, found a@h"},
      {"#Pid<a@h.5.0.4294967296>",
       "line 1, column 6: expected node.id.serial.creation>, found a@h"},
      {"#Pid<'a@h'.4.5.0.1>",
       "line 1, column 6: expected node.id.serial.creation>, found '"},
      {"#Port<.5.0>", "line 1, column 7: expected node.id.creation>, found ."},
      {"#Ref<a@h.5>",
       "line 1, column 6: expected node.word.creation> with 1 to 5 words, "
       "found a@h"},
      {"#Ref<'a@h'.1.2.3.4.5.6.7>",
       "line 1, column 6: expected node.word.creation> with 1 to 5 words, "
       "found '"},
  };
  for (const auto& expected : cases) {
    EXPECT_EQ(Parsed(expected.text), expected.error) << expected.text;
  }
}

TEST(ParseTerm, RefusesWhatNoTermCanHold) {
  const std::string atom = Repeat("\u00e9", 255);
  EXPECT_EQ(Reprinted(atom), atom);
  EXPECT_THAT(Parsed(absl::StrCat(atom, "b")),
              HasSubstr("expected an atom of at most 255 characters, found"));
  EXPECT_THAT(Parsed(absl::StrCat("'", atom, "b'")),
              HasSubstr("expected an atom of at most 255 characters, found '"));
  EXPECT_THAT(Parsed(absl::StrCat("#Pid<", Repeat("a", 256), ".1.2.3>")),
              HasSubstr("expected node.id.serial.creation>"));
  // What is too long for its quadratic time is not.
  EXPECT_THAT(Parsed(Repeat("9", 160000)), StartsWith("6f"));
  EXPECT_EQ(Parsed(Repeat("9", 160001)),
            absl::StrCat("line 1, column 1: expected an integer of at most "
                         "160000 digits, or one of base 16, found ",
                         Repeat("9", 30)));
  EXPECT_THAT(Parsed(absl::StrCat("16#", Repeat("9", 200000))),
              StartsWith("6f000186a000"));
}

TEST(ParseTerm, LimitsOnlyMapsThatAreKeysOfKeys) {
  const auto keys = [](size_t depth) {
    return absl::StrCat(Repeat("#{[", depth), "1",
                        Repeat("] => 2,a => b}", depth));
  };
  EXPECT_EQ(Reprinted(keys(kMaxKeyDepth + 1)), keys(kMaxKeyDepth + 1));
  EXPECT_EQ(Parsed(keys(kMaxKeyDepth + 2)),
            "line 1, column 54: expected no map in a key of a map in a key, 16 "
            "times over, found [");
}

}  // namespace
}  // namespace ringdist
