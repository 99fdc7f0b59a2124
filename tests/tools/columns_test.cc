#include "ringdist/tools/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace ringdist {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Text of one column, two columns, and none that may be shown.
constexpr char kMixed[] = "a\u00e4\u0436\u6f22\u5b57 \x1b[2J\xff\xe6\xbc z";

TEST(ColumnsTest, CountsCharactersAndNotBytes) {
  EXPECT_EQ(CountColumns(""), 0u);
  EXPECT_EQ(CountColumns("abc"), 3u);
  EXPECT_EQ(CountColumns("\u00e4\u00f6\u0436"), 3u);
  EXPECT_EQ(CountColumns("\u6f22\u5b57"), 4u);
  EXPECT_EQ(CountColumns("\U0001f600"), 2u);
}

TEST(ColumnsTest, WhatFitsStaysAsItIs) {
  EXPECT_EQ(FitColumns("srv@localhost", 13), "srv@localhost");
  EXPECT_EQ(FitColumns("\u6f22\u5b57", 4), "\u6f22\u5b57");
  EXPECT_EQ(FitColumns("", 0), "");
}

TEST(ColumnsTest, WhatDoesNotFitEndsInATilde) {
  EXPECT_EQ(FitColumns("srv@localhost", 12), "srv@localho~");
  EXPECT_EQ(FitColumns("srv@localhost", 1), "~");
  EXPECT_EQ(FitColumns("srv@localhost", 0), "");
  // There is no half of a wide character.
  EXPECT_EQ(FitColumns("a\u6f22b", 3), "a~");
  EXPECT_EQ(FitColumns("a\u6f22bc", 4), "a\u6f22~");
}

TEST(ColumnsTest, WhatATerminalWouldObeyIsShownAsAQuestionMark) {
  EXPECT_EQ(FitColumns("a\x1b[2Jb\r\n\x7f\u009b", 80), "a?[2Jb????");
}

TEST(ColumnsTest, BytesThatAreNotUtf8AreShownAsQuestionMarks) {
  EXPECT_EQ(FitColumns("a\xff\xe6\xbcz", 80), "a???z");
  EXPECT_EQ(FitColumns("\xc0\xaf\xf5\x80\x80\x80", 80), "??????");
  EXPECT_EQ(FitColumns("cut \xe6\xbc", 80), "cut ??");
}

TEST(ColumnsTest, NoWidthIsExceeded) {
  const size_t all = CountColumns(kMixed);
  for (size_t width = 0; width <= all + 1; ++width) {
    const std::string fitted = FitColumns(kMixed, width);
    EXPECT_LE(CountColumns(fitted), width);
    EXPECT_EQ(absl::EndsWith(fitted, "~"), width > 0 && width < all);
    EXPECT_EQ(CountColumns(PadColumns(kMixed, width)), width);
    for (const std::string& line : WrapColumns(kMixed, width)) {
      EXPECT_LE(CountColumns(line), width);
    }
  }
}

TEST(ColumnsTest, PadsWithBlanks) {
  EXPECT_EQ(PadColumns("srv", 5), "srv  ");
  EXPECT_EQ(PadColumns("\u6f22", 3), "\u6f22 ");
  EXPECT_EQ(PadColumns("srv@localhost", 5), "srv@~");
  EXPECT_EQ(PadColumns("", 0), "");
}

TEST(ColumnsTest, WrapsAtBlanks) {
  EXPECT_THAT(WrapColumns("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(WrapColumns("one two three", 6),
              ElementsAre("one", "two", "three"));
  EXPECT_THAT(WrapColumns("one two three", 80), ElementsAre("one two three"));
  EXPECT_THAT(WrapColumns("", 80), IsEmpty());
}

TEST(ColumnsTest, CutsAWordThatIsLongerThanALine) {
  EXPECT_THAT(WrapColumns("at /run/nodes/srv: gone", 8),
              ElementsAre("at", "/run/no~", "gone"));
}

}  // namespace
}  // namespace ringdist
