#include "ringdist/proto/atom_cache.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/atom_view.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

// The four bits of a reference.
constexpr uint8_t kNewAtom = 8;
constexpr uint8_t kSlotBits = 7;
// And behind the last one.
constexpr uint8_t kLongAtoms = 1;

constexpr int kLowSlotBits = 8;  // Which the reference itself has.

size_t FlagBytes(size_t references) { return references / 2 + 1; }

// The four bits of the reference at `index`.
size_t FlagsAt(absl::string_view flags, size_t index) {
  return static_cast<uint8_t>(flags[index / 2]) >> (index % 2 * 4) & 15;
}

absl::Status Malformed(size_t at, size_t index, size_t count,
                       absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("distribution header: at byte ", at, ": atom ", index + 1,
                   " of ", count, " ", what));
}

absl::Status TooShort(absl::string_view packet) {
  return absl::InvalidArgumentError(absl::StrCat(
      "distribution header: the bytes end at ", packet.size(), ", inside it"));
}

}  // namespace

// AtomCacheOut.

size_t AtomCacheOut::SlotOf(absl::string_view text) {
  return HashOfText(text) % kAtomCacheSlots;
}

int AtomCacheOut::PlaceOf(absl::string_view text) {
  const size_t number = SlotOf(text);
  Slot& slot = slots_.At(number);
  const bool same = slot.text == text;
  if (slot.message == message_) return same ? slot.place : kInFull;
  if (count_ == kMaxAtomReferences) return kInFull;
  if (!same || !slot.known) Assign(slot, text);
  slot.message = message_;
  slot.place = static_cast<uint8_t>(count_);
  used_[count_] = static_cast<uint16_t>(number);
  ++count_;
  return slot.place;
}

void AtomCacheOut::Assign(Slot& slot, absl::string_view text) {
  RINGDIST_CHECK(IsAtomText(text));
  slot.text.assign(text.data(), text.size());
  slot.known = false;
  ++new_count_;
  new_bytes_ += text.size();
  long_atoms_ = long_atoms_ || text.size() > 255;
}

size_t AtomCacheOut::HeaderSize() const {
  if (count_ == 0) return 1;
  return 1 + FlagBytes(count_) + count_ + new_count_ * (long_atoms_ ? 2 : 1) +
         new_bytes_;
}

void AtomCacheOut::WriteHeader(char* at) const {
  *at++ = static_cast<char>(count_);
  if (count_ == 0) return;
  char* const flags = at;
  std::memset(flags, 0, FlagBytes(count_));
  at += FlagBytes(count_);
  const auto set_flags = [flags](size_t index, size_t bits) {
    char& byte = flags[index / 2];
    byte = static_cast<char>(byte | bits << (index % 2 * 4));
  };
  if (long_atoms_) set_flags(count_, kLongAtoms);
  for (size_t i = 0; i < count_; ++i) {
    const size_t number = used_[i];
    const Slot& slot = slots_.At(number);
    *at++ = static_cast<char>(number);
    if (slot.known) {
      set_flags(i, number >> kLowSlotBits);
      continue;
    }
    set_flags(i, kNewAtom | number >> kLowSlotBits);
    if (long_atoms_) *at++ = static_cast<char>(slot.text.size() >> 8);
    *at++ = static_cast<char>(slot.text.size());
    at += slot.text.copy(at, slot.text.size());
  }
}

void AtomCacheOut::Commit() {
  statistics_.references += count_;
  statistics_.hits += count_ - new_count_;
  if (new_count_ == 0) return;
  for (size_t i = 0; i < count_; ++i) slots_.At(used_[i]).known = true;
}

// AtomCacheIn.

absl::Status AtomCacheIn::Read(absl::string_view packet, size_t& at,
                               std::vector<Text>* kept) {
  replaced_.clear();
  atoms_.clear();
  changed_ = false;
  ByteReader bytes(packet);
  bytes.ReadBytes(at);
  const size_t count = bytes.ReadU8();
  const absl::string_view flags =
      bytes.ReadBytes(count == 0 ? 0 : FlagBytes(count));
  if (!bytes.ok()) return TooShort(packet);
  const bool long_atoms = count > 0 && (FlagsAt(flags, count) & kLongAtoms);
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = packet.size() - bytes.remaining();
    absl::string_view problem;
    const Text* text =
        ReadReference(bytes, FlagsAt(flags, i), long_atoms, problem);
    if (!bytes.ok()) return TooShort(packet);
    if (text == nullptr) return Malformed(begin, i, count, problem);
    atoms_.emplace_back(**text);
    if (kept != nullptr) kept->push_back(*text);
  }
  statistics_.references += count;
  at = packet.size() - bytes.remaining();
  return absl::OkStatus();
}

const AtomCacheIn::Text* AtomCacheIn::ReadReference(
    ByteReader& bytes, size_t flags, bool long_atoms,
    absl::string_view& problem) {
  Text& slot = slots_.At((flags & kSlotBits) << kLowSlotBits | bytes.ReadU8());
  if ((flags & kNewAtom) == 0) {
    problem = "lies in a slot into which none was put";
    if (slot == nullptr) return nullptr;
    ++statistics_.hits;
    return &slot;
  }
  const absl::string_view text =
      bytes.ReadBytes(long_atoms ? bytes.ReadU16() : bytes.ReadU8());
  problem = "is not UTF-8 of at most 255 characters";
  if (!IsAtomText(text)) return nullptr;
  // Earlier references of this message may point to what lay there.
  if (slot != nullptr) replaced_.push_back(std::move(slot));
  slot = std::make_shared<const std::string>(text.data(), text.size());
  changed_ = true;
  return &slot;
}

}  // namespace ringdist
