// IoEngine: the one seam between this project and the operating system's I/O.
// An engine takes operations and completes them later, on the thread that calls
// Turn. The real one is uring_engine.h (io_uring); tests/simulation/ has one
// that loses, splits, delays and resets by a seed.
//
// An Operation is embedded in its owner and knows which method to run:
//
//   class Connection {
//     void OnReceived(const Completion& completion);
//     Operation receive_ = Operation::To<&Connection::OnReceived>(this);
//   };
//   engine.ArmReceive(receive_, fd, /*limit=*/1 << 20);
//
// The life of an operation
//   1. Arm… hands it to the engine: in_flight() is true. It must not be armed
//      again and its owner must not be destroyed while that holds.
//   2. Turn completes it: the method runs, once per completion. While
//      completion.more is set it stays in flight and more completions follow
//      (accept and receive). With the last one in_flight() turns false before
//      the method runs, which may arm it again or destroy the owner.
//   3. Cancel asks for an early end. The last completion still comes, with
//      -ECANCELED or with whatever happened first. Who waits for an end waits
//      for that completion.
//
// A completion never runs inside the call that armed or cancelled an operation.
// Closing a descriptor does not end its operations: shut it down, cancel what
// is in flight, wait for the last completions, then close.
//
// Errors are negative errno values, as the kernel gives them; status.h makes a
// Status of them. Everything but WakeUp belongs to the thread that calls Turn.

#ifndef RINGDIST_RUNTIME_IO_ENGINE_H_
#define RINGDIST_RUNTIME_IO_ENGINE_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ringdist/proto/check.h"

namespace ringdist {

// One outcome of an operation.
struct Completion {
  // Accept: the new descriptor. Receive and send: bytes, 0 at the stream's end.
  // Otherwise 0. Negative: -errno.
  int result = 0;
  // The operation is still in flight; more completions follow.
  bool more = false;
  // ArmReceive only: the `result` bytes that arrived. They lie in memory of the
  // engine, which it uses again when the method returns: copy what is to stay.
  absl::string_view data;
};

class Operation {
 public:
  // An operation that runs `(owner->*Method)(completion)`.
  template <auto Method, typename Owner>
  static Operation To(Owner* owner) {
    return Operation(owner, [](void* to, const Completion& completion) {
      (static_cast<Owner*>(to)->*Method)(completion);
    });
  }

  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() { RINGDIST_CHECK(!in_flight_); }

  // From Arm… until the last completion is about to run.
  bool in_flight() const { return in_flight_; }

  // For engines: the operation was taken; a completion has come.
  void Begin() {
    RINGDIST_CHECK(!in_flight_);
    in_flight_ = true;
  }
  void Complete(const Completion& completion) {
    RINGDIST_CHECK(in_flight_);
    in_flight_ = completion.more;
    handler_(owner_, completion);
  }

 private:
  using Handler = void (*)(void* owner, const Completion& completion);
  Operation(void* owner, Handler handler) : owner_(owner), handler_(handler) {}

  void* owner_;
  Handler handler_;
  bool in_flight_ = false;
};

// What an engine has done since it was created.
struct IoEngineStatistics {
  uint64_t enters = 0;          // Entries into the kernel.
  uint64_t submissions = 0;     // Operations handed over.
  uint64_t completions = 0;     // Completions run.
  uint64_t out_of_buffers = 0;  // Receives that ended with ENOBUFS.
  uint64_t buffers_out = 0;     // Receive buffers not with the kernel now.
  uint64_t completion_overflows = 0;  // Completion queue found overflown.
};

class IoEngine {
 public:
  virtual ~IoEngine() = default;

  // Accepts until it ends: each completion is a new descriptor, which the
  // method owns, even if it no longer wants it. May end at any time without an
  // error, and with -EMFILE or -ENFILE when descriptors ran out; arm it again.
  virtual void ArmAccept(Operation& operation, int listening_fd) = 0;

  // Connects a socket. `address` must stay as it is until the completion. A
  // full backlog is -EAGAIN: nothing tells when there is room, so try later.
  virtual void ArmConnect(Operation& operation, int fd, const sockaddr* address,
                          socklen_t size) = 0;

  // Receives into memory of the engine until about `limit` bytes have come, the
  // stream ends (result 0), an error happens, or without a reason: it may end
  // at any time with nothing lost, and with -ENOBUFS when the engine is short
  // of memory for the moment. Arm it again to go on. Where ReceiveLimitIsExact
  // it never brings more than `limit` bytes; elsewhere the owner cancels, and
  // must take what comes until then.
  virtual void ArmReceive(Operation& operation, int fd, size_t limit) = 0;
  virtual bool ReceiveLimitIsExact() const = 0;

  // Receives once, straight into `memory`, at most its size.
  virtual void ArmReceiveInto(Operation& operation, int fd,
                              absl::Span<char> memory) = 0;

  // Sends the slices in this order; may send less than all of them. The slices
  // and the memory they name stay as they are until the completion. At most
  // kMaxSlices. Only one send of a descriptor may be in flight.
  virtual void ArmSend(Operation& operation, int fd,
                       absl::Span<const iovec> slices) = 0;
  static constexpr size_t kMaxSlices = 1024;

  // Asks an operation in flight to end.
  virtual void Cancel(Operation& operation) = 0;

  // At once, not through the queue. Shutdown ends both directions.
  virtual void Shutdown(int fd) = 0;
  virtual void Close(int fd) = 0;

  // A clock that never goes back; not the time of day.
  virtual absl::Time Now() const = 0;

  // Hands over what was armed, waits until at least one operation completes or
  // `timeout` is over, runs all completions that are there, and returns how
  // many ran. Zero: does not wait. Errors are the engine's end.
  virtual absl::StatusOr<int> Turn(absl::Duration timeout) = 0;

  // Makes a Turn that waits return. From any thread.
  virtual void WakeUp() = 0;

  // For a host with an event loop of its own. The descriptor becomes readable
  // when a Turn would find something; it is made by the first call. Prepare
  // goes before the host blocks: it hands over what was armed and sees to it
  // that the descriptor becomes readable at `deadline`. True: do not block,
  // something is ready already.
  virtual absl::StatusOr<int> Descriptor() = 0;
  virtual absl::StatusOr<bool> Prepare(absl::Time deadline) = 0;

  virtual IoEngineStatistics statistics() const = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_IO_ENGINE_H_
