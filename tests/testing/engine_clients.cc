#include "ringdist/tests/testing/engine_clients.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/types/span.h"

namespace ringdist {
namespace {

constexpr size_t kMaxBytesPerSend = 16 * 1024;

}  // namespace

// StreamReader

StreamReader::StreamReader(IoEngine& engine, int fd, Into into,
                           SizeFunction next_size)
    : engine_(engine), fd_(fd), into_(into), next_size_(std::move(next_size)) {}

void StreamReader::Start() {
  stopped_ = false;
  end_.reset();
  Arm();
}

void StreamReader::Stop() {
  stopped_ = true;
  engine_.Cancel(receive_);
}

void StreamReader::Arm() {
  const bool own_memory = into_ == Into::kOwnMemory ||
                          (into_ == Into::kBoth && times_armed_ % 2 == 1);
  ++times_armed_;
  limit_ = next_size_();
  received_ = 0;
  if (own_memory) {
    memory_.assign(limit_, '\0');
    engine_.ArmReceiveInto(receive_, fd_, absl::MakeSpan(&memory_[0], limit_));
  } else {
    memory_.clear();
    engine_.ArmReceive(receive_, fd_, limit_);
  }
}

void StreamReader::OnReceived(const Completion& completion) {
  if (completion.result > 0) TakeBytes(completion);
  if (completion.more) {
    ASSERT_GT(completion.result, 0) << "an end that says that more follows";
    if (received_ >= limit_) engine_.Cancel(receive_);
    return;
  }
  if (!GoesOn(completion.result)) {
    end_ = completion.result;
  } else if (stopped_) {
    end_ = -ECANCELED;
  } else {
    Arm();
  }
}

void StreamReader::TakeBytes(const Completion& completion) {
  const size_t size = static_cast<size_t>(completion.result);
  received_ += size;
  if (!memory_.empty()) {
    EXPECT_FALSE(completion.more);
    EXPECT_TRUE(completion.data.empty());
    ASSERT_LE(size, memory_.size());
    bytes_.append(memory_, 0, size);
    return;
  }
  EXPECT_EQ(completion.data.size(), size);
  bytes_.append(completion.data.data(), completion.data.size());
  if (engine_.ReceiveLimitIsExact()) {
    EXPECT_LE(received_, limit_);
  }
}

bool StreamReader::GoesOn(int result) const {
  // Cancelled by ourselves, at the limit.
  if (result == -ECANCELED) return received_ >= limit_;
  return result > 0 || result == -ENOBUFS;
}

// StreamWriter

StreamWriter::StreamWriter(IoEngine& engine, int fd, std::string bytes,
                           SizeFunction next_size)
    : engine_(engine),
      fd_(fd),
      bytes_(std::move(bytes)),
      next_size_(std::move(next_size)) {}

void StreamWriter::Start() {
  stopped_ = false;
  end_.reset();
  Arm();
}

void StreamWriter::Stop() {
  stopped_ = true;
  engine_.Cancel(send_);
}

void StreamWriter::Arm() {
  slices_.clear();
  size_t offset = sent_;
  const size_t end = std::min(bytes_.size(), sent_ + kMaxBytesPerSend);
  while (offset < end && slices_.size() < IoEngine::kMaxSlices) {
    const size_t size = std::min(next_size_(), end - offset);
    slices_.push_back({const_cast<char*>(bytes_.data()) + offset, size});
    offset += size;
  }
  engine_.ArmSend(send_, fd_, slices_);
}

void StreamWriter::OnSent(const Completion& completion) {
  EXPECT_FALSE(completion.more);
  if (completion.result < 0) {
    end_ = completion.result;
    return;
  }
  sent_ += static_cast<size_t>(completion.result);
  ASSERT_LE(sent_, bytes_.size());
  if (sent_ == bytes_.size()) {
    end_ = 0;
  } else if (stopped_) {
    end_ = -ECANCELED;
  } else {
    Arm();
  }
}

// Acceptor

Acceptor::Acceptor(IoEngine& engine, int listening_fd)
    : engine_(engine), fd_(listening_fd) {}

void Acceptor::Start() {
  stopped_ = false;
  end_.reset();
  engine_.ArmAccept(accept_, fd_);
}

void Acceptor::Stop() {
  stopped_ = true;
  engine_.Cancel(accept_);
}

void Acceptor::OnAccepted(const Completion& completion) {
  if (completion.result >= 0) descriptors_.push_back(completion.result);
  if (completion.more) return;
  if (completion.result < 0 && completion.result != -EMFILE) {
    end_ = completion.result;
  } else if (stopped_) {
    end_ = -ECANCELED;
  } else {
    engine_.ArmAccept(accept_, fd_);
  }
}

// Connector

Connector::Connector(IoEngine& engine, int fd, const sockaddr_storage& address,
                     socklen_t size)
    : engine_(engine), fd_(fd), address_(address), size_(size) {}

void Connector::Start() {
  result_.reset();
  engine_.ArmConnect(connect_, fd_,
                     reinterpret_cast<const sockaddr*>(&address_), size_);
}

void Connector::OnConnected(const Completion& completion) {
  EXPECT_FALSE(completion.more);
  result_ = completion.result;
}

}  // namespace ringdist
