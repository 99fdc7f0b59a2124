#include "ringdist/tests/testing/splits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ringdist {
namespace {

TEST(SplitsTest, PiecesOfEachSplitMakeUpTheStream) {
  const std::string stream = "send_name, status, challenge, reply, ack";
  for (const Split& split : AllSplits(stream)) {
    std::string joined;
    for (const absl::string_view piece : split.Pieces()) {
      joined.append(piece.begin(), piece.end());
    }
    EXPECT_EQ(joined, stream) << split.name;
  }
}

TEST(SplitsTest, HasWholeSingleBytesEachCutAndEmptyPieces) {
  const std::string stream = "abcd";
  size_t whole = 0;
  size_t single = 0;
  size_t in_two = 0;
  size_t with_empty = 0;
  for (const Split& split : AllSplits(stream)) {
    const std::vector<absl::string_view> pieces = split.Pieces();
    whole += pieces.size() == 1;
    single += pieces.size() == stream.size();
    in_two += pieces.size() == 2 && !pieces[0].empty();
    with_empty += std::any_of(pieces.begin(), pieces.end(),
                              [](absl::string_view p) { return p.empty(); });
  }
  EXPECT_GE(whole, 1u);
  EXPECT_GE(single, 1u);
  EXPECT_GE(in_two, 3u);
  EXPECT_GE(with_empty, 10u);
}

TEST(SplitsTest, OfNothingAreNoPieces) {
  for (const Split& split : AllSplits("")) {
    EXPECT_TRUE(split.Pieces().empty()) << split.name;
  }
}

}  // namespace
}  // namespace ringdist
