#include "ringdist/proto/fragment_assembler.h"

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

absl::Status Wrong(uint64_t sequence, uint64_t id, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("fragment ", id, " of sequence ", sequence, ": ", what));
}

}  // namespace

size_t FragmentedMessage::Cost() const {
  size_t cost = bytes.size();
  for (const AtomCacheIn::Text& atom : atoms) {
    cost += sizeof(atom) + sizeof(std::string) + atom->size();
  }
  return cost;
}

void FragmentedMessage::Append(absl::string_view part) {
  const size_t begin =
      bytes.empty() ? 0 : static_cast<size_t>(bytes.data() - memory.begin());
  const size_t end = begin + bytes.size();
  // Most messages consist of two fragments, the second one being short: room
  // for as much again as there is, so that it does not move the first.
  if (memory.size() - end < part.size()) {
    memory.Grow(2 * (end + part.size()), end);
  }
  std::memcpy(memory.begin() + end, part.data(), part.size());
  bytes = absl::string_view(memory.begin() + begin, bytes.size() + part.size());
}

absl::Status FragmentAssembler::Take(size_t size) {
  if (size > max_bytes_ - cost_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "max_fragmented_bytes: ", messages_.size(),
        " messages that arrive in fragments need ", cost_, " bytes and ", size,
        " more, and ", max_bytes_, " is the limit"));
  }
  cost_ += size;
  return absl::OkStatus();
}

absl::Status FragmentAssembler::Begin(
    uint64_t sequence, uint64_t id, std::vector<AtomCacheIn::Text> atoms,
    absl::string_view part, absl::FunctionRef<GrowingMemory()> take_memory) {
  // Less is sooner copied.
  constexpr size_t kLarge = size_t{16} * 1024;
  if (Contains(sequence)) {
    return Wrong(sequence, id, "the sequence was begun and is not complete");
  }
  if (messages_.size() == max_sequences_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("max_sequences: ", max_sequences_,
                     " messages are arriving in fragments, which is the limit, "
                     "and another one begins"));
  }
  auto message = std::make_unique<FragmentedMessage>();
  message->next_id = id - 1;
  message->atoms = std::move(atoms);
  if (part.size() >= kLarge) message->memory = take_memory();
  if (message->memory.size() > 0) {
    message->bytes = part;
  } else {
    message->Append(part);
  }
  const absl::Status taken = Take(message->Cost());
  if (taken.ok()) messages_.emplace(sequence, std::move(message));
  return taken;
}

absl::StatusOr<std::unique_ptr<FragmentedMessage>> FragmentAssembler::Continue(
    uint64_t sequence, uint64_t id, absl::string_view part) {
  const auto found = messages_.find(sequence);
  if (found == messages_.end()) {
    return Wrong(sequence, id, "the sequence was not begun, or is complete");
  }
  FragmentedMessage& message = *found->second;
  if (id != message.next_id) {
    return Wrong(sequence, id,
                 absl::StrCat("fragment ", message.next_id, " is due"));
  }
  const absl::Status taken = Take(part.size());
  if (!taken.ok()) return taken;
  message.Append(part);
  --message.next_id;
  if (message.next_id > 0) return nullptr;
  std::unique_ptr<FragmentedMessage> complete = std::move(found->second);
  messages_.erase(found);
  cost_ -= complete->Cost();
  return complete;
}

}  // namespace ringdist
