// Random terms that a real node makes come back from a process of ours as they
// were, whatever the two nodes negotiated.
//
// RINGDIST_ECHO_TERMS=full makes it 10,000 terms of up to 16 MiB, 2 GiB in all,
// for each set of flags; RINGDIST_ECHO_SEED=N repeats a run that failed.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ringdist/proto/distribution_flags.h"
#include "ringdist/tests/interop/scenario_test.h"

namespace ringdist {
namespace {

using ::testing::StartsWith;

constexpr absl::Duration kLongest = absl::Minutes(30);

// What is run with one set of flags.
struct Amount {
  int count = 300;
  int64_t max_bytes = 1 << 20;
};

Amount ChosenAmount() {
  const char* const chosen = std::getenv("RINGDIST_ECHO_TERMS");
  if (chosen == nullptr || absl::string_view(chosen) != "full") return {};
  return {.count = 10000, .max_bytes = 16 << 20};
}

uint32_t ChosenSeed() {
  const char* const chosen = std::getenv("RINGDIST_ECHO_SEED");
  uint32_t seed = 0;
  if (chosen != nullptr && absl::SimpleAtoi(chosen, &seed)) return seed;
  return std::random_device()();
}

class EchoTermsTest : public WithoutFlagsTest {};

INSTANTIATE_TEST_SUITE_P(
    Terms, EchoTermsTest,
    ::testing::Values(uint64_t{0}, kDflagSendSender, kDflagExitPayload,
                      kDflagFragments, kDflagAlias, kDflagDistHdrAtomCache,
                      kDflagAltactSig, kDflagFragments | kDflagDistHdrAtomCache,
                      kOptionalNodeFlags),
    WithoutName);

TEST_P(EchoTermsTest, TermsOfAllKindsComeBackAsTheyWere) {
  const uint32_t seed = ChosenSeed();
  const Amount amount = ChosenAmount();
  RecordProperty("seed", absl::StrCat(seed));
  std::cout << "RINGDIST_ECHO_SEED=" << seed << std::endl;

  const std::string source =
      std::filesystem::absolute("tests/interop/echo_terms.erl");
  ASSERT_EQ(Eval("{ok, Module, Code} = compile:file(\"", source,
                 "\", [binary, report]),"
                 "code:load_binary(Module, \"\", Code)."),
            "{module,echo_terms}");
  const absl::Time start = absl::Now();
  const int64_t run = erlang_->EvalAsync(absl::StrCat(
      "echo_terms:run({echo, cpp@localhost}, #{seed => ", seed, ", count => ",
      amount.count, ", max => ", amount.max_bytes, "})."));
  ASSERT_TRUE(RunUntil([&] { return erlang_->Ready(run); }, kLongest));
  const std::string result = erlang_->Wait(run).value_or("no answer");
  EXPECT_THAT(result, StartsWith("{ok,"));
  std::cout << result << " in " << absl::Now() - start << std::endl;
  EXPECT_EQ(node().Nodes().size(), 1u);
  EXPECT_EQ(node_->events().size(), 1u);
}

}  // namespace
}  // namespace ringdist
