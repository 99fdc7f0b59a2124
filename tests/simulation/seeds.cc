#include "ringdist/tests/simulation/seeds.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

// Where a sanitizer is linked in; it ends the process without a signal.
extern "C" void __sanitizer_set_death_callback(void (*callback)())
    __attribute__((weak));

namespace ringdist {
namespace {

// What a dying process prints. Only async-signal-safe calls may read it.
struct LastWords {
  char text[512];
  size_t size;
};
LastWords* last_words = nullptr;

void PrintLastWords() {
  if (last_words == nullptr) return;
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, last_words->text, last_words->size);
}

void OnAbort(int) { PrintLastWords(); }

// While it lives, the end of the process prints how to replay the seed.
class ScopedLastWords {
 public:
  ScopedLastWords() {
    RINGDIST_CHECK(last_words == nullptr);
    last_words = &words_;
    previous_ = std::signal(SIGABRT, OnAbort);
    if (&__sanitizer_set_death_callback != nullptr) {
      __sanitizer_set_death_callback(PrintLastWords);
    }
  }
  ~ScopedLastWords() {
    std::signal(SIGABRT, previous_);
    last_words = nullptr;
  }

  void Set(const std::string& text) {
    words_.size = text.copy(words_.text, sizeof(words_.text));
  }

 private:
  LastWords words_ = {};
  void (*previous_)(int) = SIG_DFL;
};

}  // namespace

void ForEachSeed(int count, absl::FunctionRef<void(uint64_t seed)> body) {
  uint64_t first = 1;
  uint64_t last = static_cast<uint64_t>(count);
  if (const char* const only = std::getenv("RINGDIST_SEED")) {
    ASSERT_TRUE(absl::SimpleAtoi(only, &first))
        << "RINGDIST_SEED is \"" << only << "\"; it must be a number";
    last = first;
  }
  ScopedLastWords last_words_scope;
  for (uint64_t seed = first; seed <= last; ++seed) {
    const std::string hint =
        absl::StrCat("seed ", seed, ", again with: ", ReplayCommand(seed));
    last_words_scope.Set(absl::StrCat(hint, "\n"));
    SCOPED_TRACE(hint);
    body(seed);
    if (testing::Test::HasFailure()) return;
  }
}

std::string ReplayCommand(uint64_t seed) {
  const char* const target = std::getenv("TEST_TARGET");
  const testing::TestInfo* const test =
      testing::UnitTest::GetInstance()->current_test_info();
  return absl::StrCat("bazel test ", target == nullptr ? "TARGET" : target,
                      " --test_filter=", test->test_suite_name(), ".",
                      test->name(), " --test_env=RINGDIST_SEED=", seed);
}

}  // namespace ringdist
