#include "ringdist/runtime/mailbox.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "ringdist/proto/big_endian.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

// What an empty mailbox keeps for its next messages.
constexpr size_t kKeptBytes = 64 * 1024;
// Below this moving what is left to the front is not worth it.
constexpr size_t kMinMove = 4096;

}  // namespace

void Mailbox::Append(const TermView& message) {
  if (storage_ == nullptr) storage_ = std::make_unique<StringWriter>();
  const size_t at = storage_->size();
  storage_->WriteU64(0);
  storage_->WriteU8(0);
  storage_->WriteU8(static_cast<uint8_t>(message.atoms().size()));
  for (const absl::string_view atom : message.atoms()) {
    storage_->WriteU16(static_cast<uint16_t>(atom.size()));
    storage_->WriteBytes(atom);
  }
  storage_->WriteBytes(message.bytes());
  const size_t size = storage_->size() - at;
  storage_->PatchU64(at, size);
  ++count_;
  live_bytes_ += size;
}

size_t Mailbox::EntrySize(size_t at) const {
  return LoadBigEndian<uint64_t>(storage_->view().data() + at);
}

TermView Mailbox::TermAt(size_t at) {
  ByteReader entry(storage_->view().substr(at, EntrySize(at)));
  entry.ReadBytes(kTakenOffset + 1);
  const size_t atoms = entry.ReadU8();
  atoms_.clear();
  for (size_t i = 0; i < atoms; ++i) {
    atoms_.push_back(entry.ReadBytes(entry.ReadU16()));
  }
  return TermView::Trusted(entry.ReadRest(), atoms_);
}

TermView Mailbox::front() {
  RINGDIST_CHECK(!empty());
  return TermAt(begin_);
}

void Mailbox::PopFront() {
  RINGDIST_CHECK(!empty());
  const size_t size = EntrySize(begin_);
  begin_ += size;
  --count_;
  live_bytes_ -= size;
  Trim();
}

bool Mailbox::TakeFirst(absl::FunctionRef<bool(const TermView&)> wanted,
                        absl::FunctionRef<void(const TermView&)> use) {
  if (empty()) return false;
  for (size_t at = begin_; at < storage_->size(); at += EntrySize(at)) {
    if (IsTaken(at) || !wanted(TermAt(at))) continue;
    use(TermAt(at));
    storage_->PatchU8(at + kTakenOffset, 1);
    --count_;
    live_bytes_ -= EntrySize(at);
    Trim();
    return true;
  }
  return false;
}

void Mailbox::Trim() {
  if (empty()) {
    begin_ = 0;
    if (storage_->size() > kKeptBytes) {
      storage_.reset();
    } else {
      storage_->Clear();
    }
    return;
  }
  while (IsTaken(begin_)) begin_ += EntrySize(begin_);
  const size_t rest = storage_->size() - begin_;
  if (begin_ < kMinMove || begin_ < rest) return;
  // At least as much is in front as is moved: each byte moves once on average.
  storage_->EraseFront(begin_);
  begin_ = 0;
}

void Mailbox::Clear() {
  storage_.reset();
  begin_ = 0;
  count_ = 0;
  live_bytes_ = 0;
}

}  // namespace ringdist
