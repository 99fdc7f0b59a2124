#include "ringdist/tools/call_exception.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/term_convert.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/call_result.h"

namespace ringdist {
namespace {

using ::testing::EndsWith;

// error:Reason with this stack.
Exception Error(absl::string_view reason, absl::string_view stack) {
  return {ExceptionClass::kError, *ParseTerm(reason), *ParseTerm(stack)};
}

TEST(CallExceptionTest, IsAClassAndAReason) {
  const Term reason = *ParseTerm("{gone, \"away\"}");
  EXPECT_EQ(ExceptionText({ExceptionClass::kThrow, reason, Term()}),
            "throw:{gone,\"away\"}");
  EXPECT_EQ(ExceptionText({ExceptionClass::kExit, reason, Term()}),
            "exit:{gone,\"away\"}");
  EXPECT_EQ(ExceptionText(Error("badarg", "[]")), "error:badarg");
}

TEST(CallExceptionTest, HasALineForEachEntryOfTheStack) {
  EXPECT_EQ(ExceptionText(Error("badarith",
                                "[{erlang, '+', [1, a], []}, {counter, add, 2, "
                                "[{file, \"src/counter.erl\"}, {line, 12}]}, "
                                "{'Elixir.Counter', 'add!', 1, [{file, "
                                "<<\"lib/counter.ex\">>}]}]")),
            "error:badarith in erlang:+/2\n"
            "  erlang:'+'(1,a)\n"
            "  counter:add/2 (src/counter.erl, line 12)\n"
            "  'Elixir.Counter':'add!'/1 (lib/counter.ex)");
}

TEST(CallExceptionTest, TellsTheCauseIfTheFunctionDoes) {
  EXPECT_THAT(ExceptionText(Error("badarg",
                                  "[{cpp, add, [1, x], [{error_info, "
                                  "#{cause => <<\"argument 2: no\">>}}]}]")),
              EndsWith("\n  cpp:add(1,x): argument 2: no"));
  // Erlang's own tell where the text is to be had.
  EXPECT_THAT(ExceptionText(Error("badarg",
                                  "[{ets, lookup, [t, 1], [{error_info, "
                                  "#{cause => id, module => m}}]}]")),
              EndsWith("\n  ets:lookup(t,1)"));
}

TEST(CallExceptionTest, ArgumentsThatLookLikeAStringAreArguments) {
  // Erlang sends such a list as a string.
  const Term stack = MakeTerm(std::vector{
      std::tuple(Atom("m"), Atom("f"), *ParseTerm("\"ab\""), Nil())});
  ASSERT_EQ(ToText(stack), "[{m,f,\"ab\",[]}]");
  EXPECT_THAT(ExceptionText({ExceptionClass::kError, *ParseTerm("r"), stack}),
              EndsWith("\n  m:f(97,98)"));
}

TEST(CallExceptionTest, LongArgumentsAreCut) {
  const std::string text = ExceptionText(Error(
      "undef",
      absl::StrCat("[{m, f, [\"", std::string(100'000, 'x'), "\", 2], []}]")));
  EXPECT_LT(text.size(), 300u);
  EXPECT_THAT(text, EndsWith("xxx...,2)"));
}

TEST(CallExceptionTest, EntriesOfAnotherFormAreTermsAsTheyAre) {
  EXPECT_EQ(ExceptionText(Error("r", "[{f, 1}, [], {m, f, x, []}]")),
            "error:r\n"
            "  {f,1}\n"
            "  []\n"
            "  {m,f,x,[]}");
  EXPECT_EQ(ExceptionText(Error("r", "no_stack")), "error:r");
  EXPECT_EQ(ExceptionText(Error("r", "[{m, f, 1, [line | file]} | x]")),
            "error:r in m:f/1\n"
            "  m:f/1");
}

TEST(CallExceptionTest, IsAnObjectForPrograms) {
  EXPECT_EQ(
      ExceptionJson(
          Error("{badmatch, \"x\"}",
                "[{cpp, add, [1, 'A'], [{error_info, #{cause => "
                "<<\"argument 2\">>}}]}, {counter, add, 2, [{file, "
                "\"src/counter.erl\"}, {line, 12}]}, {m, f, 0, []}, other]"))
          .dump(),
      "{\"class\":\"error\",\"reason\":\"{badmatch,\\\"x\\\"}\",\"stack\":["
      "{\"module\":\"cpp\",\"function\":\"add\",\"arity\":2,"
      "\"arguments\":[\"1\",\"'A'\"],\"cause\":\"argument 2\"},"
      "{\"module\":\"counter\",\"function\":\"add\",\"arity\":2,"
      "\"file\":\"src/counter.erl\",\"line\":12},"
      "{\"module\":\"m\",\"function\":\"f\",\"arity\":0},"
      "{\"entry\":\"other\"}]}");
}

TEST(CallExceptionTest, TheObjectOfAThrowHasNoStack) {
  const Json json =
      ExceptionJson({ExceptionClass::kThrow, *ParseTerm("ball"), Term()});
  EXPECT_EQ(json.dump(),
            "{\"class\":\"throw\",\"reason\":\"ball\",\"stack\":[]}");
}

}  // namespace
}  // namespace ringdist
