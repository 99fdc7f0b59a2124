#include "ringdist/tests/simulation/simulated_engine.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

constexpr int kPoison = 0xDD;

// Overwrites memory that is about to be freed. Through a volatile pointer, or
// the compiler leaves out a store that nobody may read.
void Poison(char* memory, size_t size) {
  void* (*const volatile fill)(void*, int, size_t) = std::memset;
  fill(memory, kPoison, size);
}

// A digest of the slices and of the bytes that they name.
size_t DigestOf(absl::Span<const iovec> slices) {
  size_t digest = slices.size();
  for (const iovec& slice : slices) {
    const absl::string_view bytes(static_cast<const char*>(slice.iov_base),
                                  slice.iov_len);
    digest = absl::HashOf(digest, slice.iov_base, bytes);
  }
  return digest;
}

}  // namespace

SimulatedEngine::SimulatedEngine(SimulatedNetwork& network)
    : network_(network),
      simulation_(network.simulation()),
      process_(network.NewProcess()) {}

SimulatedEngine::~SimulatedEngine() {
  if (!in_flight_.empty()) {
    simulation_.Violation(absl::StrCat("the engine of process ", process_,
                                       " ends with ", in_flight_.size(),
                                       " operations in flight"));
  }
}

// Arming.

std::shared_ptr<SimulatedOperation> SimulatedEngine::New(Kind kind,
                                                         Operation& operation,
                                                         int fd) {
  auto made = std::make_shared<SimulatedOperation>();
  made->kind = kind;
  made->operation = &operation;
  made->queue = &ready_;
  made->process = process_;
  made->fd = fd;
  return made;
}

void SimulatedEngine::Arm(std::shared_ptr<SimulatedOperation> operation) {
  if (operation->operation->in_flight()) {
    simulation_.Violation(absl::StrCat("an operation was armed on ",
                                       operation->fd,
                                       " that is in flight already"));
  }
  network_.Arm(operation);
  operation->operation->Begin();
  in_flight_[operation->operation] = operation;
  armed_.push_back(std::move(operation));
}

void SimulatedEngine::ArmAccept(Operation& operation, int listening_fd) {
  Arm(New(Kind::kAccept, operation, listening_fd));
}

void SimulatedEngine::ArmConnect(Operation& operation, int fd,
                                 const sockaddr* address, socklen_t size) {
  auto made = New(Kind::kConnect, operation, fd);
  made->address = address;
  made->address_size = size;
  made->address_when_armed.assign(reinterpret_cast<const char*>(address), size);
  Arm(std::move(made));
}

void SimulatedEngine::ArmReceive(Operation& operation, int fd, size_t limit) {
  if (limit == 0) {
    simulation_.Violation(absl::StrCat("receive on ", fd, " with limit 0"));
  }
  auto made = New(Kind::kReceive, operation, fd);
  made->limit = limit;
  Arm(std::move(made));
}

bool SimulatedEngine::ReceiveLimitIsExact() const {
  return simulation_.faults().receive_limit_is_exact;
}

void SimulatedEngine::ArmReceiveInto(Operation& operation, int fd,
                                     absl::Span<char> memory) {
  if (memory.empty()) {
    simulation_.Violation(absl::StrCat("receive on ", fd, " into no memory"));
  }
  auto made = New(Kind::kReceiveInto, operation, fd);
  made->memory = memory;
  Arm(std::move(made));
}

void SimulatedEngine::ArmSend(Operation& operation, int fd,
                              absl::Span<const iovec> slices) {
  if (slices.size() > kMaxSlices) {
    simulation_.Violation(absl::StrCat("send on ", fd, " of ", slices.size(),
                                       " slices; at most ", kMaxSlices));
  }
  size_t size = 0;
  for (const iovec& slice : slices) size += slice.iov_len;
  if (size == 0) {
    simulation_.Violation(absl::StrCat("send on ", fd, " of nothing"));
  }
  auto made = New(Kind::kSend, operation, fd);
  made->slices = slices;
  made->digest_when_armed = DigestOf(slices);
  Arm(std::move(made));
}

void SimulatedEngine::Cancel(Operation& operation) {
  const auto found = in_flight_.find(&operation);
  if (found != in_flight_.end()) cancelled_.push_back(found->second);
}

// Turns.

absl::StatusOr<int> SimulatedEngine::Turn(absl::Duration timeout) {
  if (turning_) simulation_.Violation("Turn was called inside a completion");
  ++statistics_.enters;
  simulation_.TakeTime();
  simulation_.RunDueEvents();
  HandOver();
  simulation_.RunDueEvents();
  turning_ = true;
  const int ran = RunReady();
  turning_ = false;
  simulation_.NoteWait(ran > 0 || !ready_.empty()
                           ? simulation_.Now()
                           : simulation_.Now() + timeout);
  return ran;
}

void SimulatedEngine::HandOver() {
  statistics_.submissions += armed_.size() + cancelled_.size();
  for (const auto& operation : std::exchange(armed_, {})) {
    network_.Submit(operation);
  }
  for (const auto& operation : std::exchange(cancelled_, {})) {
    network_.Cancel(operation);
  }
}

int SimulatedEngine::RunReady() {
  size_t count = ready_.size();
  if (count > 1 && simulation_.Happens(Fault::kCompletionsLeft)) {
    count = 1 + simulation_.Below(count);
  }
  for (size_t i = 0; i < count; ++i) {
    SimulatedCompletion ready = std::move(ready_.front());
    ready_.pop_front();
    Run(std::move(ready));
  }
  statistics_.completions += count;
  return static_cast<int>(count);
}

void SimulatedEngine::Run(SimulatedCompletion ready) {
  const SimulatedOperation& made = *ready.operation;
  if (!ready.more) {
    network_.Release(made);
    in_flight_.erase(made.operation);
  }
  if (made.kind == Kind::kSend &&
      DigestOf(made.slices) != made.digest_when_armed) {
    simulation_.Violation(absl::StrCat("the memory of a send on ", made.fd,
                                       " changed while it was in flight"));
  }
  if (ready.result == -ENOBUFS) ++statistics_.out_of_buffers;
  Completion completion;
  completion.result = ready.result;
  completion.more = ready.more;
  if (ready.data == nullptr) {
    made.operation->Complete(completion);
    return;
  }
  const size_t size = static_cast<size_t>(ready.result);
  completion.data = absl::string_view(ready.data.get(), size);
  ++statistics_.buffers_out;
  made.operation->Complete(completion);
  --statistics_.buffers_out;
  Poison(ready.data.get(), size);
}

absl::StatusOr<int> SimulatedEngine::Descriptor() {
  return absl::UnimplementedError(
      "a simulated engine has no descriptor; drive it with "
      "Simulation::RunUntil");
}

absl::StatusOr<bool> SimulatedEngine::Prepare(absl::Time) {
  return absl::UnimplementedError(
      "a simulated engine cannot be waited for; drive it with "
      "Simulation::RunUntil");
}

}  // namespace ringdist
