// ForkedChild: runs a function of a test in a child process: to be killed, to
// become another user, to change its current directory or its limits.
//
//   ForkedChild child([&] {
//     if (setuid(65534) != 0) return 1;
//     return Listen("cpp").ok() ? 0 : 2;
//   });
//   EXPECT_EQ(child.Wait(), 0);
//
// The child has everything that the test has at that moment, but no thread
// other than the one that forks. What EXPECT_ finds there is printed and lost:
// a child's verdict is what it returns.

#ifndef RINGDIST_TESTS_TESTING_FORKED_CHILD_H_
#define RINGDIST_TESTS_TESTING_FORKED_CHILD_H_

#include <sys/types.h>

#include <optional>

#include "absl/functional/function_ref.h"

namespace ringdist {

class ForkedChild {
 public:
  // Forks. In the child `body` runs and its result becomes the exit status;
  // destructors of what the test has do not run there.
  explicit ForkedChild(absl::FunctionRef<int()> body);
  // Kills it if it still runs.
  ~ForkedChild();
  ForkedChild(ForkedChild&& other) noexcept;
  ForkedChild& operator=(ForkedChild&& other) = delete;

  pid_t pid() const { return pid_; }

  // SIGKILL; the child is gone on return.
  void Kill();

  // Waits for the end and returns the exit status: 128 + N if signal N ended
  // it. May be called again.
  int Wait();

 private:
  pid_t pid_;
  std::optional<int> exit_status_;
};

// A user that is not root. Tests that become this one need root, and no user
// namespace around them (Bazel's sandbox is one: tags = ["no-sandbox"]):
//
//   if (!CanBecomeNobody()) GTEST_SKIP() << "only root can become another
//   user"; ForkedChild child([&] { if (!BecomeNobody()) return 1; ... });
inline constexpr uid_t kNobody = 65534;
bool BecomeNobody();
bool CanBecomeNobody();

// What processes wait at until one of them opens it. Make it before they fork.
//
//   Gate gate;
//   ForkedChild child([&] { gate.Wait(); return 0; });
//   gate.Open();
class Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Opens it for all who wait, in whichever process, or ever will.
  void Open();
  // Returns when it is open.
  void Wait();

 private:
  // A pipe, readable when the gate is open: a byte that nobody takes out.
  int read_fd_;
  int write_fd_;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_FORKED_CHILD_H_
