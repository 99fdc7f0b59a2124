#include "ringdist/tests/interop/ei_comparison.h"

#include <ei.h>

#include <bit>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term_tags.h"
#include "ringdist/proto/term_text.h"
#include "ringdist/proto/term_view.h"

namespace ringdist {
namespace {

constexpr size_t kShown = 200;

// Goes over the same bytes with ei. Each method gives whether ei's next value
// is the one of the view, and leaves ei behind it.
class EiWalk {
 public:
  EiWalk(const Term& term, EiCounts& counts)
      : bytes_(term.bytes()), counts_(counts) {}

  std::string Difference(const TermView& whole) {
    if (!Same(whole)) return difference_;
    return at_ == static_cast<int>(bytes_.size())
               ? ""
               : absl::StrCat("ei ends at byte ", at_);
  }

 private:
  bool Same(const TermView& view) {
    const int begin = at_;
    ++counts_.compared;
    // ei skips it as well, to the same place.
    int end = at_;
    const bool skipped = ei_skip_term(bytes_.data(), &end) == 0;
    const bool same = skipped && SameValue(view) && at_ == end;
    if (!same && difference_.empty()) {
      difference_ = absl::StrCat("at byte ", begin, ", ei ending at ", at_,
                                 " and ", end, ": ", ToText(view, kShown));
    }
    return same;
  }

  bool SameValue(const TermView& view) {
    switch (view.type()) {
      case TermType::kNone:
        return false;
      case TermType::kInteger:
        return SameInteger(view);
      case TermType::kFloat:
        return SameFloat(*view.AsFloat());
      case TermType::kAtom:
        return SameAtom(*view.AsAtom());
      case TermType::kReference:
        return SameReference(*view.AsReference());
      case TermType::kFun:
        return Skip();
      case TermType::kPort:
        return SamePort(*view.AsPort());
      case TermType::kPid:
        return SamePid(*view.AsPid());
      case TermType::kTuple:
        return SameTuple(view);
      case TermType::kMap:
        return SameMap(view);
      case TermType::kNil:
      case TermType::kList:
        return SameList(view);
      case TermType::kBinary:
        return SameBits(view, 0);
      case TermType::kBitstring:
        return SameBits(view, view.bytes()[5]);
    }
    return false;
  }

  bool Skip() {
    ++counts_.skipped;
    return ei_skip_term(bytes_.data(), &at_) == 0;
  }

  bool SameInteger(const TermView& view) {
    if (const auto value = view.AsInt64(); value.has_value()) {
      EI_LONGLONG found;
      return ei_decode_longlong(bytes_.data(), &at_, &found) == 0 &&
             found == *value;
    }
    if (const auto value = view.AsUint64(); value.has_value()) {
      EI_ULONGLONG found;
      return ei_decode_ulonglong(bytes_.data(), &at_, &found) == 0 &&
             found == *value;
    }
    return Skip();
  }

  bool SameFloat(double value) {
    double found;
    return ei_decode_double(bytes_.data(), &at_, &found) == 0 &&
           std::bit_cast<uint64_t>(found) == std::bit_cast<uint64_t>(value);
  }

  bool SameAtom(const AtomView& atom) {
    char found[MAXATOMLEN_UTF8];
    return ei_decode_atom_as(bytes_.data(), &at_, found, sizeof(found),
                             ERLANG_UTF8, nullptr, nullptr) == 0 &&
           atom == found;
  }

  bool SamePid(const PidView& pid) {
    erlang_pid found;
    return ei_decode_pid(bytes_.data(), &at_, &found) == 0 &&
           pid.node == found.node && pid.id == found.num &&
           pid.serial == found.serial && pid.creation == found.creation;
  }

  bool SamePort(const PortView& port) {
    erlang_port found;
    return ei_decode_port(bytes_.data(), &at_, &found) == 0 &&
           port.node == found.node && port.id == found.id &&
           port.creation == found.creation;
  }

  bool SameReference(const ReferenceView& reference) {
    erlang_ref found;
    if (ei_decode_ref(bytes_.data(), &at_, &found) != 0 ||
        reference.node != found.node || reference.creation != found.creation ||
        reference.word_count != static_cast<uint32_t>(found.len)) {
      return false;
    }
    for (uint32_t i = 0; i < reference.word_count; ++i) {
      if (reference.words[i] != found.n[i]) return false;
    }
    return true;
  }

  bool SameBits(const TermView& view, int last_bits) {
    const char* found;
    unsigned int offset;
    size_t bits;
    if (ei_decode_bitstring(bytes_.data(), &at_, &found, &offset, &bits) != 0) {
      return false;
    }
    const absl::string_view bytes =
        last_bits == 0 ? *view.AsBinary() : view.bytes().substr(6);
    const size_t expected = bytes.size() * 8 - (last_bits == 0 ? 0 : 8) +
                            static_cast<size_t>(last_bits);
    return offset == 0 && bits == expected && found == bytes.data();
  }

  bool SameTuple(const TermView& view) {
    int arity;
    return ei_decode_tuple_header(bytes_.data(), &at_, &arity) == 0 &&
           view.size() == static_cast<size_t>(arity) && SameElements(view);
  }

  bool SameMap(const TermView& view) {
    int pairs;
    return ei_decode_map_header(bytes_.data(), &at_, &pairs) == 0 &&
           view.size() == static_cast<size_t>(pairs) && SameElements(view);
  }

  bool SameList(const TermView& view) {
    int type;
    int size;
    ei_get_type(bytes_.data(), &at_, &type, &size);
    if (type == ERL_STRING_EXT) return SameString(view);
    if (ei_decode_list_header(bytes_.data(), &at_, &size) != 0 ||
        view.size() != static_cast<size_t>(size)) {
      return false;
    }
    return size == 0 || SameElements(view);
  }

  // With the tail of a list.
  bool SameElements(const TermView& view) {
    TermElements elements = view.elements();
    for (TermView element; elements.Next(element);) {
      if (!Same(element)) return false;
    }
    return view.type() != TermType::kList || Same(elements.Tail());
  }

  bool SameString(const TermView& view) {
    std::string found(view.size() + 1, '\0');  // ei adds a zero.
    if (ei_decode_string(bytes_.data(), &at_, found.data()) != 0) return false;
    TermElements elements = view.elements();
    size_t i = 0;
    for (TermView element; elements.Next(element); ++i) {
      if (*element.AsInt64() != static_cast<uint8_t>(found[i])) return false;
    }
    return i == view.size() && elements.Tail().type() == TermType::kNil;
  }

  const absl::string_view bytes_;
  int at_ = 0;
  EiCounts& counts_;
  std::string difference_;
};

}  // namespace

std::string DifferenceToEi(const Term& term, EiCounts& counts) {
  return EiWalk(term, counts).Difference(term);
}

}  // namespace ringdist
