// TermConverter: a struct for each C++ type that terms are made of and read as;
// the table of them is in term_convert.h.
//
//   static void Write(TermWriter& writer, const T& value);
//   static bool Read(const TermView& term, T& value, TermMismatch* mismatch);
//
// If Read fails, `value` is as it was, and *mismatch says where and why, unless
// it is nullptr.
//
// Internal to term_convert.h. Types with parts are in term_container.h.

#ifndef RINGDIST_PROTO_TERM_CONVERTER_H_
#define RINGDIST_PROTO_TERM_CONVERTER_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "ringdist/proto/bytes.h"
#include "ringdist/proto/identifiers.h"
#include "ringdist/proto/term.h"
#include "ringdist/proto/term_mismatch.h"
#include "ringdist/proto/term_values.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace internal_term {

template <typename T>
struct TermConverter {
  static_assert(!sizeof(T), "no term stands for this type: see term_convert.h");
};

template <typename T>
void Write(TermWriter& writer, const T& value) {
  TermConverter<T>::Write(writer, value);
}

template <typename T>
Term ToTerm(const T& value) {
  StringWriter bytes;
  TermWriter writer(bytes);
  Write(writer, value);
  return Term::Trusted(std::string(bytes.view()));
}

template <>
struct TermConverter<bool> {
  static void Write(TermWriter& writer, bool value) {
    writer.WriteAtom(value ? "true" : "false");
  }
  static bool Read(const TermView& term, bool& value, TermMismatch* mismatch);
};

bool ReadSigned(const TermView& term, size_t bits, int64_t& value,
                TermMismatch* mismatch);
bool ReadUnsigned(const TermView& term, size_t bits, uint64_t& value,
                  TermMismatch* mismatch);

template <std::signed_integral T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, T value) { writer.WriteInteger(value); }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    int64_t wide = 0;
    if (!ReadSigned(term, 8 * sizeof(T), wide, mismatch)) return false;
    value = static_cast<T>(wide);
    return true;
  }
};

template <std::unsigned_integral T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, T value) {
    writer.WriteUnsigned(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    uint64_t wide = 0;
    if (!ReadUnsigned(term, 8 * sizeof(T), wide, mismatch)) return false;
    value = static_cast<T>(wide);
    return true;
  }
};

template <>
struct TermConverter<double> {
  static void Write(TermWriter& writer, double value) {
    writer.WriteFloat(value);
  }
  static bool Read(const TermView& term, double& value, TermMismatch* mismatch);
};

template <>
struct TermConverter<float> {
  static void Write(TermWriter& writer, float value) {
    writer.WriteFloat(value);
  }
  static bool Read(const TermView& term, float& value, TermMismatch* mismatch);
};

// What is UTF-8, or bytes, already.
template <typename T>
concept Text = std::convertible_to<const T&, absl::string_view>;

bool ReadText(const TermView& term, absl::string_view& value,
              TermMismatch* mismatch);
bool ReadText(const TermView& term, std::string& value, TermMismatch* mismatch);

template <Text T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, absl::string_view value) {
    writer.WriteBinary(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    return ReadText(term, value, mismatch);
  }
};

// Sets `value`, of the same type or one that owns what it views.
template <typename View, typename T>
bool ReadView(const std::optional<View>& view, absl::string_view expected,
              const TermView& term, T& value, TermMismatch* mismatch) {
  if (!view.has_value()) return TermMismatch::Expect(mismatch, expected, term);
  value = T(*view);
  return true;
}

template <typename T, typename... Others>
concept OneOf = (std::same_as<T, Others> || ...);

template <OneOf<Atom, AtomView> T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const AtomView& value) {
    writer.WriteAtom(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    return ReadView(term.AsAtom(), "an atom", term, value, mismatch);
  }
};

template <OneOf<Pid, PidView> T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const PidView& value) {
    writer.WritePid(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    return ReadView(term.AsPid(), "a pid", term, value, mismatch);
  }
};

template <OneOf<Reference, ReferenceView> T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const ReferenceView& value) {
    writer.WriteReference(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    return ReadView(term.AsReference(), "a reference", term, value, mismatch);
  }
};

template <OneOf<Port, PortView> T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const PortView& value) {
    writer.WritePort(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    return ReadView(term.AsPort(), "a port", term, value, mismatch);
  }
};

template <OneOf<Term, TermView> T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const TermView& value) {
    writer.WriteTerm(value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    const auto any = term.empty() ? std::nullopt : std::optional(term);
    return ReadView(any, "a term", term, value, mismatch);
  }
};

template <>
struct TermConverter<Nil> {
  static void Write(TermWriter& writer, const Nil&) { writer.WriteNil(); }
  static bool Read(const TermView& term, Nil&, TermMismatch* mismatch) {
    return term.type() == TermType::kNil ||
           TermMismatch::Expect(mismatch, "[]", term);
  }
};

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_CONVERTER_H_
