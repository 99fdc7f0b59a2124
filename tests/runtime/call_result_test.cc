#include "ringdist/runtime/call_result.h"

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/term_convert.h"

namespace ringdist {
namespace {

using ::testing::HasSubstr;

TEST(CallResultTest, AValueIsReadAsWhatItIs) {
  const CallResult result = CallResult::Returned(MakeTerm(3));
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(result.status().ok());
  EXPECT_EQ(result.exception(), nullptr);
  EXPECT_EQ(result.value(), MakeTerm(3));
  EXPECT_EQ(*result.As<int64_t>(), 3);
  const absl::Status wrong = result.As<std::string>().status();
  EXPECT_TRUE(absl::IsInvalidArgument(wrong));
  EXPECT_THAT(wrong.message(), HasSubstr("found 3"));
}

TEST(CallResultTest, AnExceptionTellsWhatAndWhere) {
  const auto raised = [](ExceptionClass kind, const Term& reason,
                         const Term& stack) {
    return CallResult::Raised({kind, reason, stack});
  };
  const Term reason = MakeTerm(std::tuple(Atom("no"), 1));
  const CallResult result =
      raised(ExceptionClass::kError, reason,
             MakeTerm(std::vector{std::tuple(Atom("m"), Atom("f"), 2, Nil()),
                                  std::tuple(Atom("x"), Atom("y"), 0, Nil())}));
  EXPECT_FALSE(result.ok());
  EXPECT_TRUE(absl::IsAborted(result.status()));
  EXPECT_EQ(result.status().message(), "error:{no,1} in m:f/2");
  EXPECT_EQ(result.As<int>().status(), result.status());
  ASSERT_NE(result.exception(), nullptr);
  EXPECT_EQ(result.exception()->reason, reason);
  // A copy is of the same exception.
  const CallResult copy = result;
  EXPECT_EQ(copy.exception(), result.exception());

  // Where it is told by the arguments, or not at all.
  const Term arguments = MakeTerm(std::vector{
      std::tuple(Atom("m"), Atom("f"), std::vector{1, 2, 3}, Nil())});
  EXPECT_EQ(
      raised(ExceptionClass::kError, reason, arguments).status().message(),
      "error:{no,1} in m:f/3");
  EXPECT_EQ(raised(ExceptionClass::kThrow, reason, Term()).status().message(),
            "throw:{no,1}");
  EXPECT_EQ(
      raised(ExceptionClass::kExit, reason, MakeTerm(Nil())).status().message(),
      "exit:{no,1}");
  for (const Term& odd :
       {MakeTerm(1), MakeTerm(std::vector{1}), MakeTerm(std::tuple(1))}) {
    EXPECT_EQ(raised(ExceptionClass::kError, reason, odd).status().message(),
              "error:{no,1}");
  }
}

TEST(CallResultTest, AFailureIsItsStatus) {
  const absl::Status gone = absl::UnavailableError("noconnection: it is gone");
  const CallResult result = CallResult::Failed(gone);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status(), gone);
  EXPECT_EQ(result.exception(), nullptr);
  EXPECT_EQ(result.As<int>().status(), gone);
}

TEST(CallResultDeathTest, WhatIsNotThereIsNotTaken) {
  const CallResult failed = CallResult::Failed(absl::CancelledError("x"));
  EXPECT_DEATH(failed.value(), "ok");
  EXPECT_DEATH(CallResult::Failed(absl::OkStatus()), "ok");
}

}  // namespace
}  // namespace ringdist
