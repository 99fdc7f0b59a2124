#include "ringdist/proto/term.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/proto/golden_terms.h"
#include "ringdist/tests/testing/hex.h"

namespace ringdist {
namespace {

// term_to_binary(lists:duplicate(1000, 1000), [compressed]) in OTP 25.2.3.
constexpr absl::string_view kCompressed =
    "83"
    "50"
    "0000138e"
    "789cedc4b10d0000040030894f8de27067b8c2d60e9d88dc92244992244992f45e1f9b7616"
    "d5";

std::string Error(absl::string_view bytes, TermLimits limits = {}) {
  const absl::StatusOr<Term> term = Term::FromExternal(bytes, limits);
  EXPECT_FALSE(term.ok()) << ToText(*term);
  return term.status().ToString();
}

Term Compressible() { return MakeTerm(std::vector<int>(1000, 1000)); }

// A compressed term that claims to have `size` bytes and expands to `bytes`.
std::string Claiming(uint32_t size, const std::string& bytes) {
  std::string external = Term::Trusted(bytes).ToExternal(/*compress=*/true);
  EXPECT_EQ(external.substr(0, 2), "\x83P") << "not compressed";
  StringWriter header;
  header.WriteU16(0x8350);
  header.WriteU32(size);
  return absl::StrCat(header.view(), external.substr(6));
}

TEST(Term, IsEmptyOrOneTerm) {
  const Term none;
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(none.view().empty());
  EXPECT_EQ(none, Term(TermView()));
  const Term term = MakeTerm(std::tuple(Atom("ok"), 5));
  EXPECT_FALSE(term.empty());
  EXPECT_TRUE(term.view().IsTuple(2));
  EXPECT_NE(term, none);
}

TEST(Term, KeepsWhatAViewShowsUntilItGoes) {
  const std::vector<absl::string_view> atoms = {"ok"};
  Term kept;
  {
    const std::string bytes = FromHex(
        "6802"
        "5200"
        "6105");
    TermReader reader(bytes, atoms);
    kept = Term(reader.ReadTerm());
  }
  EXPECT_EQ(absl::BytesToHexString(kept.bytes()), "680277026f6b6105");
  EXPECT_TRUE(kept.view().atoms().empty());
}

TEST(Term, IsAKeyAndSortsAsErlangDoes) {
  absl::flat_hash_map<Term, int> counts;
  ++counts[MakeTerm(std::tuple(Atom("a"), 1))];
  ++counts[Term::Trusted(
      FromHex("69000000027601000161"
              "62"
              "00000001"))];
  ++counts[MakeTerm(std::tuple(Atom("a"), 1.0))];
  EXPECT_EQ(counts.size(), 3u);
  std::vector<Term> terms = {MakeTerm("x"),       MakeTerm(Nil()),
                             MakeTerm(Atom("a")), MakeTerm(2.0),
                             MakeTerm(1),         MakeTerm(2)};
  std::sort(terms.begin(), terms.end());
  EXPECT_EQ(ToText(MakeTerm(terms)), "[1,2,2.0,a,[],<<\"x\">>]");
}

TEST(Term, GoldenTermsAreReadAndWritten) {
  for (const GoldenTerm& golden : kGoldenTerms) {
    const std::string external = FromHex(absl::StrCat("83", golden.hex));
    const absl::StatusOr<Term> term = Term::FromExternal(external);
    ASSERT_TRUE(term.ok()) << golden.erlang << term.status();
    EXPECT_EQ(term->view().type(), golden.type) << golden.erlang;
    const absl::StatusOr<Term> again = Term::FromExternal(term->ToExternal());
    ASSERT_TRUE(again.ok()) << golden.erlang << again.status();
    EXPECT_EQ(*again, *term) << golden.erlang;
  }
}

TEST(Term, SaysWhatIsWrongWithABinary) {
  EXPECT_EQ(Error(""),
            "INVALID_ARGUMENT: the bytes end at 0, where the version byte 131 "
            "was expected");
  EXPECT_EQ(Error("\x84j").substr(0, 50),
            "INVALID_ARGUMENT: at byte 0: expected the version ");
  EXPECT_EQ(Error("\x83"),
            "INVALID_ARGUMENT: the bytes end at 1, where a term was expected");
  EXPECT_EQ(Error("\x83jj"),
            "INVALID_ARGUMENT: at byte 2: the term ends here, and the bytes do "
            "not");
  EXPECT_EQ(Error(FromHex("836802")).substr(0, 28),
            "INVALID_ARGUMENT: at byte 1:");
}

TEST(Term, ReadsWhatANodeCompressed) {
  const absl::StatusOr<Term> term = Term::FromExternal(FromHex(kCompressed));
  ASSERT_TRUE(term.ok()) << term.status();
  EXPECT_EQ(*term, Compressible());
}

TEST(Term, CompressesWhereThatIsShorter) {
  const std::string plain = Compressible().ToExternal();
  const std::string compressed = Compressible().ToExternal(/*compress=*/true);
  EXPECT_LT(compressed.size(), plain.size() / 10);
  const absl::StatusOr<Term> again = Term::FromExternal(compressed);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, Compressible());
  EXPECT_EQ(MakeTerm(5).ToExternal(/*compress=*/true), FromHex("836105"));
}

TEST(Term, ExpandsToNoMoreThanTheLimit) {
  TermLimits limits;
  limits.max_bytes = 0x138e;
  EXPECT_TRUE(Term::FromExternal(FromHex(kCompressed), limits).ok());
  limits.max_bytes = 0x138d;
  EXPECT_EQ(Error(FromHex(kCompressed), limits),
            "RESOURCE_EXHAUSTED: at byte 1: a compressed term of 5006 bytes, "
            "more than the limit of 5005; TermLimits::max_bytes can be set "
            "higher");
  // 64 MiB if there is no other.
  const std::string header = FromHex("6d03fffffb");
  std::string body;
  body.resize(0x3fffffb, 'x');
  const std::string at_limit = Claiming(0x4000000, header + body);
  EXPECT_TRUE(Term::FromExternal(at_limit).ok());
  EXPECT_EQ(Error(Claiming(0x4000001, header + body)).substr(0, 18),
            "RESOURCE_EXHAUSTED");
}

TEST(Term, OtherLimitsHoldForWhatIsExpanded) {
  TermLimits limits;
  limits.max_terms = 1000;
  EXPECT_EQ(Error(FromHex(kCompressed), limits),
            "INVALID_ARGUMENT: at byte 1, in what a compressed term expands "
            "to: at byte 0: LIST_EXT (108): more terms than the limit allows");
}

TEST(Term, RefusesClaimsThatAreNotTrue) {
  const std::string bytes(Compressible().bytes());
  const auto size = static_cast<uint32_t>(bytes.size());
  EXPECT_TRUE(Term::FromExternal(Claiming(size, bytes)).ok());
  EXPECT_EQ(Error(Claiming(size - 1, bytes)),
            "INVALID_ARGUMENT: at byte 6, a compressed term: at byte 38: the "
            "zlib stream expands to more than the claimed 5005 bytes");
  EXPECT_EQ(Error(Claiming(size + 1, bytes)),
            "INVALID_ARGUMENT: at byte 6, a compressed term: at byte 38: the "
            "zlib stream expands to 5006, not to the claimed 5007 bytes");
  EXPECT_FALSE(Term::FromExternal(Claiming(0, bytes)).ok());
  EXPECT_FALSE(Term::FromExternal(Claiming(1 << 26, bytes)).ok());
}

TEST(Term, RefusesStreamsThatAreNotWhole) {
  const std::string whole = FromHex(kCompressed);
  for (size_t size = 0; size < whole.size(); ++size) {
    Error(whole.substr(0, size));
  }
  EXPECT_EQ(Error(whole.substr(0, 30)),
            "INVALID_ARGUMENT: at byte 6, a compressed term: at byte 24: the "
            "zlib stream ends before it is complete");
  EXPECT_EQ(Error(whole + "x"),
            "INVALID_ARGUMENT: at byte 6, a compressed term: at byte 38: the "
            "zlib stream is followed by bytes that are not its");
  std::string damaged = whole;
  damaged[whole.size() - 1] ^= 1;
  EXPECT_EQ(Error(damaged),
            "INVALID_ARGUMENT: at byte 6, a compressed term: at byte 38: the "
            "zlib stream is damaged: incorrect data check");
  damaged[6] = 'y';
  EXPECT_EQ(Error(damaged),
            "INVALID_ARGUMENT: at byte 6, a compressed term: at byte 2: the "
            "zlib stream is damaged: incorrect header check");
}

TEST(Term, RefusesWhatIsNoTermOnceExpanded) {
  EXPECT_EQ(Error(Claiming(1000, std::string(1000, 'j'))),
            "INVALID_ARGUMENT: at byte 1, in what a compressed term expands "
            "to: at byte 1: the term ends here, and the bytes do not");
  EXPECT_EQ(
      Error(Claiming(1000, std::string(1000, 'P'))).substr(0, 79),
      "INVALID_ARGUMENT: at byte 1, in what a compressed term expands to: "
      "at byte 0: a");
}

}  // namespace
}  // namespace ringdist
