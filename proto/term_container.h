// TermConverter for types with parts: tuples, lists, maps, optional values.
//
// Internal to term_convert.h.

#ifndef RINGDIST_PROTO_TERM_CONTAINER_H_
#define RINGDIST_PROTO_TERM_CONTAINER_H_

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "ringdist/proto/term_converter.h"
#include "ringdist/proto/term_mismatch.h"
#include "ringdist/proto/term_parts.h"
#include "ringdist/proto/term_values.h"
#include "ringdist/proto/term_view.h"
#include "ringdist/proto/term_writer.h"

namespace ringdist {
namespace internal_term {

template <typename T>
concept MapType = requires(T map) {
  typename T::key_type;
  typename T::mapped_type;
  map.emplace(map.begin()->first, map.begin()->second);
};

// The action for ForTuple and the like.
struct ReadPart {
  template <typename T>
  static bool Do(const TermView& term, T& part, TermMismatch* mismatch) {
    return TermConverter<T>::Read(term, part, mismatch);
  }
};

// All elements of a list, appended to a std::vector.
template <typename Vector>
bool ReadElements(ListCursor& cursor, Vector& elements,
                  TermMismatch* mismatch) {
  for (TermView term; cursor.Next(term);) {
    typename Vector::value_type element{};
    if (!ReadPart::Do(term, element, mismatch)) {
      return TermMismatch::InElement(mismatch, elements.size() + 1);
    }
    elements.push_back(std::move(element));
  }
  return true;
}

// Those of a tuple or of what can be gone over.
template <typename Parts>
void WriteParts(TermWriter& writer, const Parts& parts) {
  if constexpr (TupleType<Parts>) {
    std::apply([&](const auto&... part) { (Write(writer, part), ...); }, parts);
  } else {
    for (const auto& part : parts) Write(writer, part);
  }
}

template <TupleType T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const T& value) {
    writer.WriteTupleHeader(std::tuple_size_v<T>);
    WriteParts(writer, value);
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    T parts{};
    if (!ForTuple<ReadPart>(term, parts, mismatch)) return false;
    value = std::move(parts);
    return true;
  }
};

template <typename Elements, typename Tail>
struct TermConverter<List<Elements, Tail>> {
  static void Write(TermWriter& writer, const List<Elements, Tail>& list) {
    if constexpr (TupleType<Elements>) {
      writer.WriteListHeader(std::tuple_size_v<Elements>);
    } else {
      writer.WriteListHeader(list.elements.size());
    }
    WriteParts(writer, list.elements);
    TermConverter<Tail>::Write(writer, list.tail);
  }
  static bool Read(const TermView& term, List<Elements, Tail>& value,
                   TermMismatch* mismatch) {
    if (!IsList(term)) return TermMismatch::Expect(mismatch, "a list", term);
    ListCursor cursor(term);
    List<Elements, Tail> list;
    bool read;
    if constexpr (TupleType<Elements>) {
      read = ForElements<ReadPart>(term, cursor, list.elements, mismatch);
    } else {
      read = ReadElements(cursor, list.elements, mismatch);
    }
    if (!read || !ForTail<ReadPart>(cursor, list.tail, mismatch)) return false;
    value = std::move(list);
    return true;
  }
};

template <typename Element>
struct TermConverter<absl::Span<Element>> {
  static void Write(TermWriter& writer, absl::Span<Element> value) {
    writer.WriteListHeader(value.size());
    WriteParts(writer, value);
    writer.WriteNil();
  }
};

template <typename Element, typename Allocator>
struct TermConverter<std::vector<Element, Allocator>> {
  using Vector = std::vector<Element, Allocator>;

  static void Write(TermWriter& writer, const Vector& value) {
    writer.WriteListHeader(value.size());
    WriteParts(writer, value);
    writer.WriteNil();
  }
  static bool Read(const TermView& term, Vector& value,
                   TermMismatch* mismatch) {
    List<Vector> list;
    if (!TermConverter<List<Vector>>::Read(term, list, mismatch)) return false;
    value = std::move(list.elements);
    return true;
  }
};

template <MapType T>
struct TermConverter<T> {
  static void Write(TermWriter& writer, const T& value) {
    writer.WriteMapHeader(value.size());
    for (const auto& [key, mapped] : value) {
      internal_term::Write(writer, key);
      internal_term::Write(writer, mapped);
    }
  }
  static bool Read(const TermView& term, T& value, TermMismatch* mismatch) {
    if (term.type() != TermType::kMap) {
      return TermMismatch::Expect(mismatch, "a map", term);
    }
    T map;
    TermElements elements = term.elements();
    for (TermView first, second; elements.Next(first);) {
      elements.Next(second);
      typename T::key_type key{};
      typename T::mapped_type mapped{};
      if (!ReadPart::Do(first, key, mismatch)) {
        return TermMismatch::In(mismatch, "a key");
      }
      if (!ReadPart::Do(second, mapped, mismatch)) {
        return TermMismatch::InValue(mismatch, first);
      }
      if (!map.emplace(std::move(key), std::move(mapped)).second) {
        // Such as 1 and 1.0, which both read as the double 1.
        return TermMismatch::Expect(mismatch, "each key once", first);
      }
    }
    value = std::move(map);
    return true;
  }
};

template <typename... Pairs>
struct TermConverter<Map<Pairs...>> {
  static void Write(TermWriter& writer, const Map<Pairs...>& value) {
    writer.WriteMapHeader(sizeof...(Pairs));
    std::apply([&](const auto&... pair) { (WriteParts(writer, pair), ...); },
               value.pairs);
  }
};

template <typename T>
struct TermConverter<std::optional<T>> {
  static void Write(TermWriter& writer, const std::optional<T>& value) {
    if (!value.has_value()) return writer.WriteAtom("undefined");
    TermConverter<T>::Write(writer, *value);
  }
  static bool Read(const TermView& term, std::optional<T>& value,
                   TermMismatch* mismatch) {
    if (term.IsAtom("undefined")) {
      value.reset();
      return true;
    }
    T present{};
    if (!TermConverter<T>::Read(term, present, mismatch)) return false;
    value = std::move(present);
    return true;
  }
};

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_CONTAINER_H_
