#include "ringdist/runtime/reactor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"
#include "ringdist/runtime/uring_engine.h"

namespace ringdist {

absl::Status ReactorOptions::Validate() const {
  if (busy_poll < absl::ZeroDuration() || busy_poll > absl::Seconds(10)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ReactorOptions::busy_poll is ", absl::FormatDuration(busy_poll),
        "; it must be between 0 and 10 s"));
  }
  if (gather < absl::ZeroDuration() || gather > absl::Seconds(1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("ReactorOptions::gather is ", absl::FormatDuration(gather),
                     "; it must be between 0 and 1 s"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Reactor>> Reactor::Create(
    const ReactorOptions& options) {
  absl::Status valid = options.Validate();
  if (!valid.ok()) return valid;
  absl::StatusOr<std::unique_ptr<IoEngine>> engine =
      UringEngine::Create({.gather = options.gather});
  if (!engine.ok()) return engine.status();
  return std::make_unique<Reactor>(*std::move(engine), options);
}

Reactor::Reactor(std::unique_ptr<IoEngine> engine,
                 const ReactorOptions& options)
    : options_(options), engine_(std::move(engine)), now_(engine_->Now()) {}

Reactor::~Reactor() {
  {
    // What was posted is dropped, once nobody is in the middle of posting.
    std::vector<absl::AnyInvocable<void()>> dropped;
    const std::lock_guard<std::mutex> lock(mutex_);
    dropped.swap(posted_);
  }
  RINGDIST_CHECK(timers_.empty());
  RINGDIST_CHECK(first_task_ == nullptr);
}

bool Reactor::RunReady() {
  if (!IsOwnThread()) thread_ = std::this_thread::get_id();
  now_ = engine_->Now();
  const bool ran_posted = RunPosted();
  const bool ran_timers = RunDueTimers();
  const bool ran_tasks = RunTasks();
  return ran_posted || ran_timers || ran_tasks;
}

absl::Status Reactor::RunOnce(absl::Duration max_wait) {
  return Wait(RunReady() ? absl::ZeroDuration() : max_wait);
}

absl::Status Reactor::Wait(absl::Duration max_wait) {
  const absl::Time give_up = now_ + max_wait;
  const absl::Duration wait = WaitAtMost(give_up);
  if (options_.busy_poll > absl::ZeroDuration() &&
      wait > absl::ZeroDuration()) {
    const absl::StatusOr<int> found =
        BusyPoll(now_ + std::min(wait, options_.busy_poll));
    if (!found.ok()) return found.status();
    if (*found > 0) return absl::OkStatus();
  }
  return engine_->Turn(WaitAtMost(give_up)).status();
}

absl::StatusOr<int> Reactor::BusyPoll(absl::Time until) {
  while (true) {
    const absl::StatusOr<int> ran = engine_->Turn(absl::ZeroDuration());
    now_ = engine_->Now();
    if (!ran.ok() || *ran > 0) return ran;
    if (has_posted_.load() || now_ >= until) return 0;
  }
}

absl::Duration Reactor::WaitAtMost(absl::Time give_up) {
  if (first_task_ != nullptr || has_posted_.load()) return absl::ZeroDuration();
  if (!timers_.empty()) {
    give_up = std::min(give_up, timers_.front()->deadline_);
  }
  return std::max(give_up - now_, absl::ZeroDuration());
}

absl::Status Reactor::Run() {
  while (!stop_.exchange(false)) {
    RunReady();
    // What ran may have turned the reactor itself, as a Distribution does that
    // is destroyed, and have taken the wake-up of Stop.
    absl::Status status =
        Wait(stop_ ? absl::ZeroDuration() : absl::InfiniteDuration());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void Reactor::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stop_ = true;
  engine_->WakeUp();
}

absl::StatusOr<bool> Reactor::Prepare() {
  RunReady();
  if (first_task_ != nullptr || has_posted_.load()) return true;
  return engine_->Prepare(timers_.empty() ? absl::InfiniteFuture()
                                          : timers_.front()->deadline_);
}

// Posted work.

void Reactor::Post(absl::AnyInvocable<void()> function) {
  const std::lock_guard<std::mutex> lock(mutex_);
  posted_.push_back(std::move(function));
  if (!has_posted_.exchange(true)) engine_->WakeUp();
}

bool Reactor::RunPosted() {
  if (!has_posted_.exchange(false)) return false;
  std::vector<absl::AnyInvocable<void()>> batch;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    batch.swap(posted_);
  }
  for (absl::AnyInvocable<void()>& function : batch) function();
  return true;
}

// Tasks: a doubly linked list, so that a task can leave it at any time.

void Task::Schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  previous_ = reactor_.last_task_;
  next_ = nullptr;
  (previous_ == nullptr ? reactor_.first_task_ : previous_->next_) = this;
  reactor_.last_task_ = this;
  turn_ = reactor_.task_turn_;
}

void Task::Unschedule() {
  if (!scheduled_) return;
  scheduled_ = false;
  (previous_ == nullptr ? reactor_.first_task_ : previous_->next_) = next_;
  (next_ == nullptr ? reactor_.last_task_ : next_->previous_) = previous_;
}

bool Reactor::RunTasks() {
  if (first_task_ == nullptr) return false;
  // Those scheduled by now; one that schedules itself again waits for the next
  // turn.
  const uint64_t turn = task_turn_++;
  while (first_task_ != nullptr && first_task_->turn_ <= turn) {
    Task* const task = first_task_;
    task->Unschedule();
    task->callback_.Run();
  }
  return true;
}

// Timers: a binary heap by deadline; each timer knows its position in it.

void Timer::Start(absl::Time deadline) {
  deadline_ = deadline;
  if (!running()) {
    reactor_.timers_.push_back(this);
    reactor_.PlaceTimer(reactor_.timers_.size() - 1, this);
  }
  reactor_.SiftUp(position_);
  reactor_.SiftDown(position_);
}

void Timer::Stop() {
  if (!running()) return;
  const size_t hole = std::exchange(position_, kNotRunning);
  Timer* const moved = reactor_.timers_.back();
  reactor_.timers_.pop_back();
  if (moved == this) return;
  reactor_.PlaceTimer(hole, moved);
  reactor_.SiftUp(hole);
  reactor_.SiftDown(moved->position_);
}

bool Reactor::RunDueTimers() {
  bool ran = false;
  // Bounded, so that a timer that starts itself anew does not hold the turn.
  for (size_t left = timers_.size();
       left > 0 && !timers_.empty() && timers_.front()->deadline_ <= now_;
       --left) {
    Timer* const timer = timers_.front();
    timer->Stop();
    timer->callback_.Run();
    ran = true;
  }
  return ran;
}

void Reactor::PlaceTimer(size_t position, Timer* timer) {
  timers_[position] = timer;
  timer->position_ = position;
}

void Reactor::SiftUp(size_t position) {
  Timer* const timer = timers_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (timers_[parent]->deadline_ <= timer->deadline_) break;
    PlaceTimer(position, timers_[parent]);
    position = parent;
  }
  PlaceTimer(position, timer);
}

void Reactor::SiftDown(size_t position) {
  Timer* const timer = timers_[position];
  while (true) {
    size_t child = 2 * position + 1;
    if (child >= timers_.size()) break;
    if (child + 1 < timers_.size() &&
        timers_[child + 1]->deadline_ < timers_[child]->deadline_) {
      ++child;
    }
    if (timer->deadline_ <= timers_[child]->deadline_) break;
    PlaceTimer(position, timers_[child]);
    position = child;
  }
  PlaceTimer(position, timer);
}

}  // namespace ringdist
