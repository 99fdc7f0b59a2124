// Connection: one byte stream on an engine. It receives into the engine's
// memory, or straight into its owner's for a large packet; it sends what its
// queue holds, one send in flight; and it closes as a join of what is in
// flight.
//
//   class Controller : public Connection::Owner { ... };
//   Connection connection(reactor, pool, fd, limits, *this);
//   connection.Start();
//   connection.queue().Append(bytes); connection.Flush();
//
// What an owner holds up is bounded: a connection that is paused stops
// receiving; what had already arrived waits in memory of its own, at most about
// receive_budget_bytes.
//
// Everything on the reactor's thread.

#ifndef RINGDIST_RUNTIME_CONNECTION_H_
#define RINGDIST_RUNTIME_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/capture.h"
#include "ringdist/runtime/io_engine.h"
#include "ringdist/runtime/reactor.h"
#include "ringdist/runtime/send_queue.h"

namespace ringdist {

struct ConnectionLimits {
  // Bytes a receive may bring before it has to be armed again. Bounds what one
  // busy connection takes of a turn, and what a paused one holds.
  size_t receive_budget_bytes = 1024 * 1024;
  // A packet with at least so many bytes missing is received straight into its
  // own memory.
  size_t straight_receive_bytes = 64 * 1024;
};

class Connection {
 public:
  // What a connection tells its owner. After Close only OnClosed comes, exactly
  // once; in it the connection may be destroyed. No call comes inside one that
  // the owner made, but for StraightMemory inside Start.
  class Owner {
   public:
    // Bytes arrived: take them off the front. Bytes that are left mean that the
    // owner cannot take more now: the connection is paused and keeps them until
    // Resume. The view is valid until the call returns.
    virtual void OnReceived(absl::string_view& bytes) = 0;
    // Where the bytes that follow should go if there are many; empty: nowhere
    // in particular. They are then told by OnReceivedStraight.
    virtual absl::Span<char> StraightMemory() = 0;
    virtual void OnReceivedStraight(size_t size) = 0;
    // The queue got shorter.
    virtual void OnSent() = 0;
    // The peer closed, or the system says that the connection is broken: no
    // more bytes will come. What had arrived was delivered before.
    virtual void OnReceiveEnded(const absl::Status& reason) = 0;
    // Sending failed; the queue was dropped. Bytes may still come.
    virtual void OnSendFailed(const absl::Status& reason) = 0;
    virtual void OnClosed() = 0;

   protected:
    ~Owner() = default;
  };

  // Owns `fd`. `limits`, `pool` and `owner` outlive it.
  Connection(Reactor& reactor, BlockPool& pool, int fd,
             const ConnectionLimits& limits, Owner& owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  // Only in OnClosed or later.
  ~Connection();

  int fd() const { return fd_; }
  // Tells `sink`, which outlives it, all bytes. Before Start.
  void Capture(const CaptureSink& sink, uint64_t connection) {
    capture_ = &sink;
    capture_id_ = connection;
  }

  // Begins to receive. Once.
  void Start();

  // What was appended goes out at the end of this turn.
  SendQueue& queue() { return queue_; }
  const SendQueue& queue() const { return queue_; }
  void Flush() {
    if (!flush_.scheduled()) flush_.Schedule();
  }

  // Paused by Pause, or by an OnReceived that leaves bytes. Resume delivers
  // what waits, at the end of this turn, and receives on.
  void Pause();
  void Resume();

  // Stops, shuts down, cancels what is in flight, waits for the last
  // completions, closes the descriptor, and tells the owner. Bytes in the queue
  // are dropped. A second Close does nothing.
  void Close();

  // As Close, as soon as the queue is sent; nothing is received any more. Give
  // it a time limit: call Close.
  void CloseWhenSent();

  uint64_t received_bytes() const { return received_bytes_; }
  uint64_t sent_bytes() const { return sent_bytes_; }

 private:
  enum class State {
    kOpen,      // Receiving unless paused, sending.
    kDraining,  // CloseWhenSent: sends the rest of the queue.
    kClosing,   // Waiting for the last completions.
    kClosed,    // The descriptor is closed; OnClosed has run or is about to.
  };

  // How far receiving is.
  enum class Inbound {
    kFlowing,      // Bytes are delivered as they come.
    kPaused,       // What comes is kept; nothing new is armed.
    kPausedAtEnd,  // As kPaused, and after what is kept nothing more comes.
    kEnded,        // Nothing more comes; the owner was told.
  };

  void ArmReceive();
  void ArmSend();
  void CaptureSent(absl::Span<const iovec> slices);
  void OnReceived(const Completion& completion);
  void OnReceivedInto(const Completion& completion);
  void OnSent(const Completion& completion);
  // What a completed receive means; true if it brought bytes.
  bool ReceivedBytes(const Completion& completion);
  // Gives bytes to the owner and keeps what it leaves.
  void Deliver(absl::string_view bytes);
  void DeliverKept();
  void EndReceiving(absl::Status reason);
  void TellEnd();
  void ContinueClosing();
  void TellClosed();

  IoEngine& engine_;
  const ConnectionLimits& limits_;
  Owner& owner_;
  const int fd_;
  State state_ = State::kOpen;
  Inbound inbound_ = Inbound::kFlowing;
  size_t received_since_armed_ = 0;
  uint64_t received_bytes_ = 0;
  uint64_t sent_bytes_ = 0;
  std::string kept_;       // Arrived while paused.
  size_t kept_taken_ = 0;  // Of kept_, by the owner.
  absl::Status end_reason_;
  SendQueue queue_;
  const CaptureSink* capture_ = nullptr;  // Null: nobody wants to know.
  uint64_t capture_id_ = 0;
  size_t captured_ = 0;             // Told already, of the queue's front.
  char* straight_begin_ = nullptr;  // Where receive_into_ puts its bytes.
  bool after_straight_ = false;     // The last bytes came by receive_into_.
  Operation receive_ = Operation::To<&Connection::OnReceived>(this);
  Operation receive_into_ = Operation::To<&Connection::OnReceivedInto>(this);
  Operation send_ = Operation::To<&Connection::OnSent>(this);
  Task flush_;
  Task resume_;
  Task tell_closed_;
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_CONNECTION_H_
