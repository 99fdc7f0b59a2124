// AllFinite: whether all floats in a C++ value are finite, as those of terms
// are. Internal to term_convert.h.

#ifndef RINGDIST_PROTO_TERM_FINITE_H_
#define RINGDIST_PROTO_TERM_FINITE_H_

#include <algorithm>
#include <cmath>
#include <concepts>
#include <tuple>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace ringdist {
namespace internal_term {

template <typename T>
bool AllFinite(const T& value) {
  const auto all = [](const auto&... parts) {
    return (AllFinite(parts) && ...);
  };
  if constexpr (std::floating_point<T>) {
    return std::isfinite(value);
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return std::apply(all, value);
  } else if constexpr (requires { value.has_value(), *value; }) {  // optional
    return !value.has_value() || AllFinite(*value);
  } else if constexpr (requires { value.pairs; }) {  // Map
    return AllFinite(value.pairs);
  } else if constexpr (requires { value.elements, value.tail; }) {  // List
    return AllFinite(value.elements) && AllFinite(value.tail);
  } else if constexpr (requires { value.begin(), value.end(); } &&
                       !std::is_convertible_v<const T&, absl::string_view>) {
    return std::all_of(value.begin(), value.end(), all);
  } else {
    return true;
  }
}

}  // namespace internal_term
}  // namespace ringdist

#endif  // RINGDIST_PROTO_TERM_FINITE_H_
