#include "ringdist/proto/identifiers.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ringdist/proto/check.h"

namespace ringdist {
namespace {

// On one line, whatever a peer calls itself.
std::string Escape(const AtomView& node) {
  return absl::Utf8SafeCEscape(node.ToString());
}

}  // namespace

Reference::Reference(std::string node_name, uint32_t node_creation,
                     absl::Span<const uint32_t> id_words)
    : node(std::move(node_name)),
      creation(node_creation),
      word_count(static_cast<uint32_t>(id_words.size())) {
  RINGDIST_CHECK_GE(id_words.size(), 1u);
  RINGDIST_CHECK_LE(id_words.size(), kMaxReferenceWords);
  std::copy(id_words.begin(), id_words.end(), words.begin());
}

std::string PidView::ToString() const {
  return absl::StrCat("#Pid<", Escape(node), ".", id, ".", serial, ".",
                      creation, ">");
}

std::string ReferenceView::ToString() const {
  return absl::StrCat("#Ref<", Escape(node), ".", absl::StrJoin(ids(), "."),
                      ".", creation, ">");
}

std::string PortView::ToString() const {
  return absl::StrCat("#Port<", Escape(node), ".", id, ".", creation, ">");
}

}  // namespace ringdist
