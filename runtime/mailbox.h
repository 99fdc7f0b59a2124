// Mailbox: messages that wait for a process, in the order they came, as bytes.
//
//   mailbox.Append(message);                     // copies
//   TermView message;
//   if (mailbox.Take(Mailbox::Any, message)) {   // the oldest one
//     Handle(message);                           // which may call Remove
//     mailbox.Release();
//   }
//
// What is in it lies in one piece of memory that is used over and over, so that
// messages which come and go cost no allocation. Internal to //runtime:node.

#ifndef RINGDIST_RUNTIME_MAILBOX_H_
#define RINGDIST_RUNTIME_MAILBOX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {

class Mailbox {
 public:
  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  // Of the messages that wait, bookkeeping included.
  size_t bytes() const { return live_bytes_; }
  // What that takes.
  size_t stored_bytes() const {
    return storage_ == nullptr ? 0 : storage_->size();
  }

  void Append(const TermView& message);

  using Wanted = absl::FunctionRef<bool(const TermView&)>;
  static bool Any(const TermView&) { return true; }

  // Takes the oldest message that `wanted` accepts out. False if there is none.
  // `taken` is valid until Release, which is to follow before the next Take;
  // until then nothing may be appended. `wanted` must not change the mailbox.
  bool Take(Wanted wanted, TermView& taken);
  void Release();
  // Drops the oldest message that `wanted` accepts, also before Release.
  bool Remove(Wanted wanted);

 private:
  // Storage: It is a sequence of entries, each
  //
  //   u64 size of the entry | u8 taken | u8 n | n * (u16 size, atom) | term
  //
  // with `taken` set once it was taken out, as long as it is there. The atoms
  // are those that the term's cache references stand for: to write each
  // reference out would let a peer make us store 500 times what it sent.
  static constexpr size_t kTakenOffset = 8;
  static constexpr size_t kEntryHeader = 10;

  static constexpr size_t kNowhere = SIZE_MAX;

  size_t EntrySize(size_t at) const;
  bool IsTaken(size_t at) const {
    return storage_->view()[at + kTakenOffset] != 0;
  }
  // Valid until the next call.
  TermView TermAt(size_t at);
  // Marks the oldest one that is wanted as taken, and tells where it is.
  size_t FindAndMark(Wanted wanted);
  // Gives back memory that is not needed.
  void Trim();
  // Moves what waits together, over what was taken.
  void Compact();

  // Made with the first message: most processes never have one that waits.
  std::unique_ptr<StringWriter> storage_;
  size_t begin_ = 0;   // What is before it was taken.
  bool held_ = false;  // A message was taken and not released.
  size_t count_ = 0;
  size_t live_bytes_ = 0;
  std::vector<absl::string_view> atoms_;  // Of the view given out last.
};

}  // namespace ringdist

#endif  // RINGDIST_RUNTIME_MAILBOX_H_
