// Reactor: the event loop. It runs everything of ringdist on one thread: the
// completions of its engine, timers, and work that other threads post.
//
//   auto reactor = Reactor::Create();            // a StatusOr of one
//   Distribution::Create(**reactor, ...);
//   absl::Status status = (*reactor)->Run();     // until Stop()
//
// A host with an event loop of its own waits for the reactor's descriptor:
//   int fd = *reactor->Descriptor();  // once, for epoll: EPOLLIN
//   if (!*reactor->Prepare()) epoll_wait(...);  reactor->RunOnce(...);
// The first RunOnce, Run or Prepare binds the reactor to its thread; from then
// on only Post and Stop may be called from others. A reactor outlives all that
// was made with it.

#ifndef RINGDIST_RUNTIME_REACTOR_H_
#define RINGDIST_RUNTIME_REACTOR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/reactor_options.h"

namespace ringdist {

class Reactor;

// A method of an owner, to be run by the reactor: timers and tasks are made of
// one. They are embedded in their owner, as operations are.
class ReactorCallback {
 public:
  template <auto Method, typename Owner>
  static ReactorCallback To(Owner* owner) {
    return ReactorCallback(
        owner, [](void* to) { (static_cast<Owner*>(to)->*Method)(); });
  }
  void Run() const { handler_(owner_); }

 private:
  using Handler = void (*)(void* owner);
  ReactorCallback(void* owner, Handler handler)
      : owner_(owner), handler_(handler) {}

  void* owner_;
  Handler handler_;
};

// Runs its callback once, at or after a time.
//
//   Timer timer_{reactor, ReactorCallback::To<&Controller::OnSetupTime>(this)};
//   timer_.Start(reactor.Now() + absl::Seconds(7));
//
// Start on a running timer moves it. Destroying a timer stops it.
class Timer {
 public:
  Timer(Reactor& reactor, ReactorCallback callback)
      : reactor_(reactor), callback_(callback) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { Stop(); }

  void Start(absl::Time deadline);
  void Stop();
  bool running() const { return position_ != kNotRunning; }

 private:
  friend class Reactor;
  static constexpr size_t kNotRunning = SIZE_MAX;

  Reactor& reactor_;
  ReactorCallback callback_;
  absl::Time deadline_;
  size_t position_ = kNotRunning;  // In the reactor's heap.
};

// Runs its callback once, at the end of this turn, before the kernel is entered
// again: what many small calls queued is then handed over together.
// Scheduling a scheduled task does nothing; destroying one unschedules it.
class Task {
 public:
  Task(Reactor& reactor, ReactorCallback callback)
      : reactor_(reactor), callback_(callback) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { Unschedule(); }

  void Schedule();
  void Unschedule();
  bool scheduled() const { return scheduled_; }

 private:
  friend class Reactor;

  Reactor& reactor_;
  ReactorCallback callback_;
  bool scheduled_ = false;
  uint64_t turn_ = 0;         // The reactor's task_turn_ when scheduled.
  Task* previous_ = nullptr;  // In the reactor's ready queue.
  Task* next_ = nullptr;
};

class Reactor {
 public:
  // A reactor on io_uring. Unimplemented or PermissionDenied if the kernel has
  // or allows none: the message says which, and what to do.
  static absl::StatusOr<std::unique_ptr<Reactor>> Create(
      const ReactorOptions& options = {});

  // A reactor on an engine of the caller's.
  Reactor(std::unique_ptr<IoEngine> engine, const ReactorOptions& options);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // One turn: posted work, due timers, scheduled tasks, then the completions
  // that are there. Only if nothing was done it waits for one, at most
  // `max_wait`: so a loop that turns until something has happened sees it.
  absl::Status RunOnce(absl::Duration max_wait);

  // Turns until Stop.
  absl::Status Run();

  // Makes Run return after the turn it is in; the next Run starts anew. A Stop
  // before Run makes that Run return at once. From any thread.
  void Stop();

  // Runs `function` on the reactor's thread, in the order posted, never inside
  // this call. What is still waiting when the reactor is destroyed is dropped.
  // From any thread.
  void Post(absl::AnyInvocable<void()> function);
  // Whether this is called on the reactor's thread. From any thread.
  bool IsOwnThread() const { return thread_ == std::this_thread::get_id(); }

  // For a host with an event loop of its own, see above. Prepare returns true
  // if there is work already: do not block then.
  absl::StatusOr<int> Descriptor() { return engine_->Descriptor(); }
  absl::StatusOr<bool> Prepare();

  // The engine's clock: monotonic, not the time of day.
  absl::Time Now() const { return engine_->Now(); }
  IoEngine& engine() { return *engine_; }

 private:
  friend class Timer;
  friend class Task;

  // Each runs what is ready outside the engine, and tells whether anything was.
  bool RunReady();
  bool RunPosted();
  bool RunDueTimers();
  bool RunTasks();
  // Lets the engine wait, and run what it finds.
  absl::Status Wait(absl::Duration max_wait);
  // Looks for completions until one came or the time to spin is over.
  absl::StatusOr<int> BusyPoll(absl::Time until);
  // How long the engine may wait now.
  absl::Duration WaitAtMost(absl::Time give_up);

  // The heap of running timers, by deadline.
  void PlaceTimer(size_t position, Timer* timer);
  void SiftUp(size_t position);
  void SiftDown(size_t position);

  const ReactorOptions options_;
  const std::unique_ptr<IoEngine> engine_;
  absl::Time now_;  // Read when a turn begins, and while it spins.
  std::vector<Timer*> timers_;
  Task* first_task_ = nullptr;
  Task* last_task_ = nullptr;
  uint64_t task_turn_ = 0;  // Of tasks scheduled from now on.
  std::atomic<bool> stop_ = false;
  std::atomic<std::thread::id> thread_;  // None before the first turn.

  // What other threads posted. has_posted_ is set after an append and cleared
  // before posted_ is taken: a wake-up is sent once per batch.
  std::mutex mutex_;
  std::vector<absl::AnyInvocable<void()>> posted_;
  std::atomic<bool> has_posted_ = false;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_REACTOR_H_
