#include "ringdist/runtime/typed_function.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"

namespace ringdist {
namespace {

// What a call gives: "3", or "error:badarg in m:f/2" with the stack behind it.
template <typename Arguments>
std::string Call(ExportedFunction function, const Arguments& arguments) {
  std::string told;
  const auto alive = std::make_shared<const bool>();
  const auto answer = [&](Process&, MessageWriter* value,
                          const Exception* raised) {
    EXPECT_EQ(told, "");
    if (raised != nullptr) {
      told = absl::StrCat(NameOf(raised->kind), ":", ToText(raised->reason),
                          " ", ToText(raised->stack));
      return;
    }
    StringWriter bytes;
    TermWriter writer(bytes);
    (*value)(writer);
    told = ToText(Term::Trusted(std::string(bytes.view())));
  };
  function(IncomingCall(
               Process(), Caller(), answer,
               std::make_shared<const FunctionName>(FunctionName{"m", "f", 2}),
               alive),
           MakeTerm(arguments));
  return told;
}

int64_t Add(int64_t a, int64_t b) { return a + b; }
int64_t Twice(int64_t a) noexcept { return 2 * a; }

static_assert(FunctionTraits<decltype(&Add)>::kArity == 2);
static_assert(FunctionTraits<decltype(&Twice)>::kArity == 1);
static_assert(FunctionTraits<std::function<void(int, int, int)>>::kArity == 3);

TEST(TypedFunctionTest, TakesWhateverCanBeCalled) {
  int calls = 0;
  EXPECT_EQ(Call(TypedFunction(&Add), std::vector{1, 2}), "3");
  EXPECT_EQ(Call(TypedFunction(Twice), std::vector{4}), "8");
  EXPECT_EQ(
      Call(TypedFunction([](int a) noexcept { return -a; }), std::vector{4}),
      "-4");
  EXPECT_EQ(Call(TypedFunction([calls](int a) mutable { return a + ++calls; }),
                 std::vector{4}),
            "5");
  EXPECT_EQ(
      Call(TypedFunction(std::function<int(int)>([](int a) { return a * 10; })),
           std::vector{4}),
      "40");
  EXPECT_EQ(
      Call(TypedFunction([own = std::make_unique<int>(7)] { return *own; }),
           Nil()),
      "7");
}

TEST(TypedFunctionTest, FloatsThatNoTermCanHoldAreBadArithmetic) {
  EXPECT_EQ(Call(TypedFunction([](double x) { return 1 / x; }), std::vector{4}),
            "0.25");
  constexpr absl::string_view kBad = "error:badarith [{m,f,2,[]}]";
  EXPECT_EQ(Call(TypedFunction([](double x) { return 1 / x; }), std::vector{0}),
            kBad);
  EXPECT_EQ(Call(TypedFunction([](float x) {
                   return std::tuple(1,
                                     std::map<std::string, std::vector<float>>{
                                         {"a", {1}}, {"b", {0, std::sqrt(x)}}});
                 }),
                 std::vector{-1}),
            kBad);
  EXPECT_EQ(Call(TypedFunction([](double x) {
                   return std::optional(List(std::tuple("text", 1, x / x)));
                 }),
                 std::vector{0}),
            kBad);
  EXPECT_EQ(Call(TypedFunction([](double x) {
                   return Map(std::pair(Atom("x"), std::optional(x / x)));
                 }),
                 std::vector{0}),
            kBad);
}

TEST(TypedFunctionTest, ArgumentsAreOfAllTypesByValueOrReference) {
  EXPECT_EQ(
      Call(TypedFunction([](const std::string& text, absl::string_view view,
                            const std::vector<int>& list,
                            const std::map<Atom, double>& map, bool flag,
                            std::optional<int> missing, const Term& any,
                            const TermView& seen) {
             return std::tuple(text, view, list, map.at(Atom("a")), flag,
                               missing, any, seen);
           }),
           List(std::tuple(std::vector<int>{'a', 'b'}, "c", std::vector{1, 2},
                           Map(std::pair(Atom("a"), 1.5)), true,
                           Atom("undefined"), std::tuple(1), Atom("x")))),
      "{<<\"ab\">>,<<\"c\">>,[1,2],1.5,true,undefined,{1},x}");
}

TEST(TypedFunctionTest, AWrongArgumentIsABadargThatSaysWhich) {
  EXPECT_EQ(Call(TypedFunction(&Add), List(std::tuple(1, Atom("x")))),
            "error:badarg [{m,f,[1,x],[{error_info,#{cause => <<\"argument 2: "
            "expected an integer of 64 bits, found x\">>}}]}]");
  EXPECT_EQ(
      Call(TypedFunction([](const std::vector<int>&, int) {}),
           List(std::tuple(std::vector<absl::string_view>{"y"}, Atom("x")))),
      "error:badarg [{m,f,[[<<\"y\">>],x],[{error_info,#{cause => "
      "<<\"argument 1: element 1: expected an integer of 32 bits, found "
      "a binary\">>}}]}]");
}

TEST(TypedFunctionTest, ResultsAreValuesOrStatuses) {
  EXPECT_EQ(Call(TypedFunction([] {}), Nil()), "ok");
  EXPECT_EQ(Call(TypedFunction([] { return absl::OkStatus(); }), Nil()), "ok");
  EXPECT_EQ(Call(TypedFunction(
                     [] { return absl::FailedPreconditionError("not yet"); }),
                 Nil()),
            "error:{failed_precondition,<<\"not yet\">>} [{m,f,2,[]}]");
  const auto half = [](int value) -> absl::StatusOr<int> {
    if (value % 2 == 0) return value / 2;
    return absl::InvalidArgumentError("odd");
  };
  EXPECT_EQ(Call(TypedFunction(half), std::vector{4}), "2");
  EXPECT_EQ(Call(TypedFunction(half), std::vector{5}),
            "error:{invalid_argument,<<\"odd\">>} [{m,f,2,[]}]");
  EXPECT_EQ(Call(TypedFunction([] {
                   return std::map<int, Atom>{{1, Atom("a")}};
                 }),
                 Nil()),
            "#{1 => a}");
}

}  // namespace
}  // namespace ringdist
