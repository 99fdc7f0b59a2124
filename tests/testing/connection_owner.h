// RecordingOwner: an owner of a Connection for tests. It takes bytes, notes
// what it is told, and checks what every owner may rely on: no call inside one
// of its own, none but OnClosed after Close, none at all after OnClosed.
//
//   RecordingOwner owner;
//   owner.take_at_once = 10;             // Leaves the rest of each view.
//   owner.on_ended = [&] { owner.Close(*connection); };

#ifndef RINGDIST_TESTS_TESTING_CONNECTION_OWNER_H_
#define RINGDIST_TESTS_TESTING_CONNECTION_OWNER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ringdist/runtime/connection.h"

namespace ringdist {

class RecordingOwner final : public Connection::Owner {
 public:
  using Hook = std::function<void()>;

  // What it does.
  size_t take_at_once = SIZE_MAX;
  absl::Span<char> straight;  // Taken off the front as it is filled.
  Hook on_received = [] {};
  Hook on_straight = [] {};
  Hook on_sent = [] {};
  Hook on_ended = [] {};
  Hook on_send_failed = [] {};
  Hook on_closed = [] {};

  // What it was told.
  std::string received;
  const char* last_view = nullptr;
  size_t largest_view = 0;
  size_t received_straight = 0;
  int receives = 0;
  int sent = 0;
  int ended = 0;
  absl::Status end_reason;
  int send_failures = 0;
  absl::Status send_failure;
  int closed = 0;

  // Calls to the connection, in which nothing may call back.
  void Close(Connection& connection) {
    close_called_ = true;
    Guarded([&] { connection.Close(); });
  }
  void CloseWhenSent(Connection& connection) {
    Guarded([&] { connection.CloseWhenSent(); });
  }
  void Guarded(const Hook& call) {
    in_own_call_ = true;
    call();
    in_own_call_ = false;
  }

  void OnReceived(absl::string_view& bytes) override {
    Check();
    ++receives;
    last_view = bytes.data();
    largest_view = std::max(largest_view, bytes.size());
    const size_t size = std::min(bytes.size(), take_at_once);
    received.append(bytes.data(), size);
    bytes.remove_prefix(size);
    on_received();
  }
  absl::Span<char> StraightMemory() override {
    EXPECT_EQ(closed, 0);
    return straight;
  }
  void OnReceivedStraight(size_t size) override {
    Check();
    ASSERT_LE(size, straight.size());
    received.append(straight.data(), size);
    received_straight += size;
    straight.remove_prefix(size);
    on_straight();
  }
  void OnSent() override {
    Check();
    ++sent;
    on_sent();
  }
  void OnReceiveEnded(const absl::Status& reason) override {
    Check();
    ++ended;
    end_reason = reason;
    on_ended();
  }
  void OnSendFailed(const absl::Status& reason) override {
    Check();
    ++send_failures;
    send_failure = reason;
    on_send_failed();
  }
  void OnClosed() override {
    EXPECT_FALSE(in_own_call_);
    ++closed;
    on_closed();
  }

 private:
  void Check() {
    EXPECT_FALSE(in_own_call_) << "called inside a call of its own";
    EXPECT_FALSE(close_called_) << "called after Close";
    EXPECT_EQ(closed, 0) << "called after OnClosed";
  }

  bool in_own_call_ = false;
  bool close_called_ = false;
};

}  // namespace ringdist

#endif  // RINGDIST_TESTS_TESTING_CONNECTION_OWNER_H_
