// Terms that a real node makes have the order here that they have there.

#include "ringdist/proto/term_order.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/tests/testing/erlang_node.h"

namespace ringdist {
namespace {

// Binds what the tests use: Gen, which makes a term of a depth, of few
// different parts so that two have much in common; Change, which changes one
// thing in a term; and Write, which writes binaries with their sizes to a file.
// References have three words: OTP 25.2.3 may crash on others that are invented
// and become keys of maps.
constexpr absl::string_view kGenerator = R"(
    rand:seed(exsss, Seed),
    Pick = fun(List) -> lists:nth(rand:uniform(length(List)), List) end,
    Powers = [1 bsl Bits || Bits <- [0, 1, 8, 31, 52, 53, 54, 58, 59, 60, 63,
                                     64, 65, 100, 128, 1000, 1023]],
    Near = fun(Power) -> Pick([-1, 1]) * (Power + rand:uniform(5) - 3) end,
    Integer = fun() -> Near(Pick([0 | Powers])) end,
    Float = fun() -> case rand:uniform(3) of
                1 -> float(Near(Pick([0 | Powers])));
                2 -> Pick([-1, 1]) * (Pick(Powers) * (1 + 0.5 * rand:uniform()));
                3 -> rand:uniform(5) / 2 end end,
    Atom = fun() -> list_to_atom([Pick([$a, $b, $A, 0, 233, 255, 256, 20320,
                                        16#FFFD, 16#1F600])
                                  || _ <- lists:seq(1, rand:uniform(3))]) end,
    Bits = fun() -> Size = rand:uniform(20) - 1,
                    <<Any:Size/bitstring, _/bitstring>> =
                        Pick([<<0:20>>, <<1, 255, 3:4>>, <<"abc">>]),
                    Any end,
    String = fun() -> [Pick([0, 1, 255, 255, 256])
                       || _ <- lists:seq(1, rand:uniform(4))] end,
    Node = fun() -> <<119, 3, (Pick("ab")), "@h">> end,
    Small = fun() -> Pick([0, 1, 2, 16#FFFFFFFF]) end,
    Id = fun() -> binary_to_term(case rand:uniform(4) of
             1 -> <<131, 88, (Node())/binary, (Small()):32, (Small()):32,
                    (Small()):32>>;
             2 -> <<131, 89, (Node())/binary, (Small()):32, (Small()):32>>;
             3 -> <<131, 120, (Node())/binary, (Small()):64, (Small()):32>>;
             4 -> <<131, 90, 3:16, (Node())/binary, (Small()):32,
                    (Small()):32, (Small()):32, (Small()):32>> end) end,
    Mine = [self(), hd(erlang:ports()), make_ref(), make_ref(), alias()],
    Add = fun(Y) -> fun(X) -> X + Y end end,
    Funs = [Add(1), Add(1.0), Add(a), fun(X) -> X end, fun lists:map/2,
            fun lists:map/3, fun lists:foldl/3, fun maps:map/2],
    Leaf = fun() -> case rand:uniform(12) of
               1 -> Pick([1, 2, 1.0, 2.0]); 2 -> Integer(); 3 -> Integer();
               4 -> Float(); 5 -> Float(); 6 -> Atom(); 7 -> Bits();
               8 -> String(); 9 -> Id(); 10 -> Pick(Mine); 11 -> Pick(Funs);
               12 -> Pick([[], {}, <<>>, #{}]) end end,
    Gen = fun G(Depth) ->
              Some = fun() -> [G(Depth - 1)
                               || _ <- lists:seq(1, rand:uniform(3))] end,
              case rand:uniform(6) of
                  1 when Depth > 0 -> list_to_tuple(Some());
                  2 when Depth > 0 -> Some();
                  3 when Depth > 0 -> Some() ++ G(Depth - 1);
                  4 when Depth > 0 -> maps:from_list(lists:zip(
                      [1 | [Leaf() || _ <- lists:seq(2, 3)]],
                      [G(Depth - 1) || _ <- lists:seq(1, 3)]));
                  5 when Depth > 0 -> maps:from_list(
                      [{G(Depth - 1), Leaf()} || _ <- lists:seq(1, Pick([2, 40]))]);
                  _ -> Leaf() end end,
    Change = fun C(Term) ->
                 case Term of
                     Tuple when is_tuple(Tuple), Tuple =/= {} ->
                         I = rand:uniform(size(Tuple)),
                         setelement(I, Tuple, C(element(I, Tuple)));
                     [Head | Tail] -> case rand:uniform(2) of
                                          1 -> [C(Head) | Tail];
                                          2 -> [Head | C(Tail)] end;
                     Map when is_map(Map), map_size(Map) > 0 ->
                         Key = Pick(maps:keys(Map)),
                         case rand:uniform(3) of
                             1 -> #{Key := Value} = Map,
                                  (maps:remove(Key, Map))#{C(Key) => Value};
                             _ -> maps:update_with(Key, C, Map) end;
                     N when is_integer(N), N < 1 bsl 1000, N > -1 bsl 1000 ->
                         Pick([N + 1, float(N), N]);
                     F when is_float(F) -> Pick([trunc(F), F]);
                     _ -> Leaf() end end,
    Encode = fun(Term) -> term_to_binary(Term, Pick([
                 [], [compressed], [{minor_version, 0}], [{minor_version, 1}],
                 [{minor_version, 2}]])) end,
    Write = fun(Name, Binaries) -> ok = file:write_file(Name,
                [[<<(byte_size(Binary)):32>>, Binary] || Binary <- Binaries])
            end,)";

class TermOrderTest : public ErlangTest {
 protected:
  void SetUp() override {
    ErlangTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto node = ErlangNode::Start({});
    ASSERT_TRUE(node.ok()) << node.status();
    erlang_ = *std::move(node);
  }

  // Evaluates with the generator at hand; gives the binaries that were written
  // to `file`.
  std::vector<std::string> Generate(int seed, absl::string_view file,
                                    absl::string_view expressions) {
    const auto value = erlang_->Eval(
        absl::StrCat("Seed = ", seed, ",", kGenerator, expressions));
    EXPECT_EQ(value.ok() ? *value : value.status().ToString(), "ok");
    std::ifstream input(absl::StrCat(erlang_->directory(), "/", file),
                        std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(input), {});
    ByteReader reader(bytes);
    std::vector<std::string> binaries;
    while (!reader.AtEnd()) {
      binaries.push_back(std::string(reader.ReadBytes(reader.ReadU32())));
    }
    EXPECT_TRUE(reader.ok());
    return binaries;
  }

 private:
  std::unique_ptr<ErlangNode> erlang_;
};

Term Read(const std::string& external) {
  const absl::StatusOr<Term> term = Term::FromExternal(external);
  EXPECT_TRUE(term.ok()) << term.status();
  return term.value_or(Term());
}

std::string Sign(std::weak_ordering order) {
  return std::is_lt(order) ? "<" : std::is_gt(order) ? ">" : "==";
}

TEST_F(TermOrderTest, TwoTermsCompareAsTheyDoThere) {
  const std::vector<std::string> binaries = Generate(1, "pairs", R"(
      Pair = fun() ->
          A = Gen(rand:uniform(4) - 1),
          B = case rand:uniform(3) of 1 -> Gen(rand:uniform(4) - 1);
                                      _ -> Change(A) end,
          Order = if A < B -> <<"<">>; A > B -> <<">">>; A == B -> <<"==">> end,
          Same = if A =:= B -> <<"same">>; true -> <<"different">> end,
          [Encode(A), Encode(B), Order, Same] end,
      Write("pairs", lists:append([Pair() || _ <- lists:seq(1, 2000)])).)");
  ASSERT_EQ(binaries.size(), 8000u);
  int same = 0;
  int different_but_equal = 0;
  for (size_t i = 0; i < binaries.size(); i += 4) {
    const Term a = Read(binaries[i]);
    const Term b = Read(binaries[i + 1]);
    EXPECT_EQ(Sign(CompareTerms(a, b)), binaries[i + 2]) << ToText(a) << "\n"
                                                         << ToText(b);
    EXPECT_EQ(a == b ? "same" : "different", binaries[i + 3])
        << ToText(a) << "\n"
        << ToText(b);
    if (a == b) {
      EXPECT_EQ(HashTerm(a), HashTerm(b)) << ToText(a) << "\n" << ToText(b);
      ++same;
    } else if (std::is_eq(CompareTerms(a, b))) {
      ++different_but_equal;
    }
  }
  EXPECT_GT(same, 50);
  EXPECT_GT(different_but_equal, 50);
}

TEST_F(TermOrderTest, AListIsSortedAsItIsThere) {
  const std::vector<std::string> binaries = Generate(2, "lists", R"(
      Terms = [Gen(rand:uniform(4) - 1) || _ <- lists:seq(1, 2000)],
      Write("lists", [Encode(Term) || Term <- Terms ++ lists:sort(Terms)]).)");
  ASSERT_EQ(binaries.size(), 4000u);
  std::vector<Term> terms;
  terms.reserve(binaries.size());
  for (const std::string& binary : binaries) terms.push_back(Read(binary));
  const std::vector<Term> sorted(terms.begin() + 2000, terms.end());
  terms.resize(2000);
  std::sort(terms.begin(), terms.end());
  for (size_t i = 0; i < terms.size(); ++i) {
    // Those that are == may stand in any order there.
    EXPECT_TRUE(std::is_eq(CompareTerms(terms[i], sorted[i])))
        << ToText(terms[i]) << "\n"
        << ToText(sorted[i]);
  }
}

}  // namespace
}  // namespace ringdist
