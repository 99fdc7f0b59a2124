// Pid, Reference and Port: what names a process, a reference or a port across
// nodes. Each comes as a value and as a view whose node lies in received bytes.
//
//   PidView from = reader.ReadPid();
//   Pid kept(from);                  // owns its node's name
//   Log(from.ToString());            // #Pid<srv@localhost.5.0.3286369086>
//   writer.WritePid(kept);           // a Pid is a PidView where one is needed
//
// A view is valid as long as the bytes it was read from, or the value it was
// made of. The creation tells the lives of a node apart: a pid of an earlier
// life names nobody. The generations of the wire format (a creation of 8 or 32
// bits, ids of 28, 32 or 64) differ only in how large these numbers can be.
//
// The text form is that of ei_print_term (OTP, lib/erl_interface), as Erlang's
// own <0.5.0> does not tell the node.

#ifndef RINGDIST_PROTO_IDENTIFIERS_H_
#define RINGDIST_PROTO_IDENTIFIERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "ringdist/proto/atom_view.h"

namespace ringdist {

// The most words that a reference's id has, since OTP 24.
inline constexpr size_t kMaxReferenceWords = 5;

struct PidView {
  AtomView node;
  uint32_t id = 0;
  uint32_t serial = 0;
  uint32_t creation = 0;

  bool operator==(const PidView&) const = default;
  std::string ToString() const;
};

struct ReferenceView {
  AtomView node;
  uint32_t creation = 0;
  uint32_t word_count = 0;  // 1 to kMaxReferenceWords; words beyond are 0.
  std::array<uint32_t, kMaxReferenceWords> words = {};

  absl::Span<const uint32_t> ids() const { return {words.data(), word_count}; }
  bool operator==(const ReferenceView&) const = default;
  std::string ToString() const;
};

struct PortView {
  AtomView node;
  uint64_t id = 0;
  uint32_t creation = 0;

  bool operator==(const PortView&) const = default;
  std::string ToString() const;
};

struct Pid {
  Pid() = default;
  Pid(std::string node_name, uint32_t id_word, uint32_t serial_word,
      uint32_t node_creation)
      : node(std::move(node_name)),
        id(id_word),
        serial(serial_word),
        creation(node_creation) {}
  explicit Pid(const PidView& view)
      : Pid(view.node.ToString(), view.id, view.serial, view.creation) {}
  operator PidView() const {  // NOLINT: as a string is a string_view.
    return {AtomView::Utf8(node), id, serial, creation};
  }

  bool operator==(const Pid&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const Pid& pid) {
    return H::combine(std::move(state), pid.node, pid.id, pid.serial,
                      pid.creation);
  }
  std::string ToString() const { return PidView(*this).ToString(); }

  std::string node;  // UTF-8.
  uint32_t id = 0;
  uint32_t serial = 0;
  uint32_t creation = 0;
};

struct Reference {
  Reference() = default;
  // `id_words`: 1 to kMaxReferenceWords.
  Reference(std::string node_name, uint32_t node_creation,
            absl::Span<const uint32_t> id_words);
  explicit Reference(const ReferenceView& view)
      : node(view.node.ToString()),
        creation(view.creation),
        word_count(view.word_count),
        words(view.words) {}
  operator ReferenceView() const {  // NOLINT: as above.
    return {AtomView::Utf8(node), creation, word_count, words};
  }

  bool operator==(const Reference&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const Reference& reference) {
    return H::combine(std::move(state), reference.node, reference.creation,
                      reference.word_count, reference.words);
  }
  std::string ToString() const { return ReferenceView(*this).ToString(); }

  std::string node;  // UTF-8.
  uint32_t creation = 0;
  uint32_t word_count = 0;
  std::array<uint32_t, kMaxReferenceWords> words = {};
};

struct Port {
  Port() = default;
  Port(std::string node_name, uint64_t id_number, uint32_t node_creation)
      : node(std::move(node_name)), id(id_number), creation(node_creation) {}
  explicit Port(const PortView& view)
      : node(view.node.ToString()), id(view.id), creation(view.creation) {}
  operator PortView() const {  // NOLINT: as above.
    return {AtomView::Utf8(node), id, creation};
  }

  bool operator==(const Port&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const Port& port) {
    return H::combine(std::move(state), port.node, port.id, port.creation);
  }
  std::string ToString() const { return PortView(*this).ToString(); }

  std::string node;  // UTF-8.
  uint64_t id = 0;
  uint32_t creation = 0;
};

}  // namespace ringdist

#endif  // RINGDIST_PROTO_IDENTIFIERS_H_
