// Recorder: a process that writes down what it is sent, and why it ended.
//
//   Recorder b(node);
//   node.Send(b.pid, 1);
//   ... EXPECT_THAT(b.messages, ElementsAre("1"));
//
// Text is what compares best. `then` may do more. When the recorder is gone its
// process does nothing any more.

#ifndef RINGDIST_TESTS_TESTING_RECORDER_H_
#define RINGDIST_TESTS_TESTING_RECORDER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/runtime/node.h"
#include "ringdist/runtime/process.h"

namespace ringdist {

class Recorder {
 public:
  explicit Recorder(Node& node, ProcessOptions options = {}) {
    options.on_death = [link = link_](const Pid&, const Term& reason) {
      if (*link != nullptr) absl::StrAppend(&(*link)->death, ToText(reason));
    };
    pid = node.Spawn(
        [link = link_](Process& self, const TermView& message) {
          if (*link == nullptr) return;
          (*link)->messages.push_back(ToText(message));
          if ((*link)->then) (*link)->then(self, message);
        },
        std::move(options));
    process = node.Find(pid);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() { *link_ = nullptr; }

  Process* operator->() { return &process; }

  std::vector<std::string> messages;
  std::string death;  // Its reason, empty until then.
  std::function<void(Process& self, const TermView& message)> then;
  Pid pid;
  Process process;

 private:
  // To this; null when it is gone, and its process is not.
  std::shared_ptr<Recorder*> link_ = std::make_shared<Recorder*>(this);
};

// A process that traps exits.
inline ProcessOptions TrapExits() {
  ProcessOptions options;
  options.trap_exits = true;
  return options;
}

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_RECORDER_H_
