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
// Less than this that was taken is not worth to move what is left.
constexpr size_t kMinGap = 4096;

}  // namespace

void Mailbox::Append(const TermView& message) {
  RINGDIST_CHECK(!held_);
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

size_t Mailbox::FindAndMark(Wanted wanted) {
  if (empty()) return kNowhere;
  for (size_t at = begin_; at < storage_->size(); at += EntrySize(at)) {
    if (IsTaken(at) || !wanted(TermAt(at))) continue;
    storage_->PatchU8(at + kTakenOffset, 1);
    --count_;
    live_bytes_ -= EntrySize(at);
    return at;
  }
  return kNowhere;
}

bool Mailbox::Take(Wanted wanted, TermView& taken) {
  RINGDIST_CHECK(!held_);
  const size_t at = FindAndMark(wanted);
  if (at == kNowhere) return false;
  held_ = true;
  taken = TermAt(at);
  return true;
}

void Mailbox::Release() {
  held_ = false;
  Trim();
}

bool Mailbox::Remove(Wanted wanted) {
  // The message that is held keeps its atoms.
  std::vector<absl::string_view> atoms;
  std::swap(atoms, atoms_);
  const bool removed = FindAndMark(wanted) != kNowhere;
  std::swap(atoms, atoms_);
  if (!held_) Trim();
  return removed;
}

void Mailbox::Trim() {
  if (storage_ == nullptr) return;
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
  // As much is gone as is moved: each byte moves once on average.
  const size_t gone = storage_->size() - live_bytes_;
  if (gone >= kMinGap && gone >= live_bytes_) Compact();
}

void Mailbox::Compact() {
  char* const bytes = storage_->Extend(0) - storage_->size();
  size_t end = 0;
  for (size_t at = begin_; at < storage_->size();) {
    const size_t size = EntrySize(at);
    if (!IsTaken(at)) {
      std::memmove(bytes + end, bytes + at, size);
      end += size;
    }
    at += size;
  }
  storage_->Truncate(end);
  begin_ = 0;
}

}  // namespace ringdist
