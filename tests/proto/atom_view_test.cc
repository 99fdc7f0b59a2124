#include "ringdist/proto/atom_view.h"

#include <string>

#include "gtest/gtest.h"

namespace ringdist {
namespace {

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(AtomView, ComparesByTextNotByEncoding) {
  const AtomView utf8 = AtomView::Utf8("h\xc3\xa9");
  const AtomView latin1 = AtomView::Latin1("h\xe9");
  EXPECT_EQ(utf8, latin1);
  EXPECT_EQ(latin1, utf8);
  EXPECT_EQ(latin1, "h\xc3\xa9");
  EXPECT_NE(latin1, "h\xe9");
  EXPECT_NE(latin1, "h\xc3");
  EXPECT_NE(latin1, "h\xc3\xa9s");
  EXPECT_NE(latin1, "h");
  EXPECT_EQ(AtomView::Latin1("ok"), AtomView::Utf8("ok"));
  EXPECT_EQ(AtomView(), "");
}

TEST(AtomView, TextIsUtf8) {
  EXPECT_EQ(AtomView::Latin1("h\xe9\xff").ToString(), "h\xc3\xa9\xc3\xbf");
  EXPECT_EQ(AtomView::Utf8("h\xc3\xa9").ToString(), "h\xc3\xa9");
}

TEST(AtomView, OnlyLatin1ThatDiffersFromUtf8IsMarked) {
  EXPECT_FALSE(AtomView::Latin1("plain").latin1());
  EXPECT_TRUE(AtomView::Latin1("pl\xe4in").latin1());
}

TEST(IsAscii, FindsAHighByteAtEveryPlace) {
  for (size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(IsAscii(text)) << size;
    for (size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      EXPECT_FALSE(IsAscii(text)) << size << " " << at;
      text[at] = 'a';
    }
  }
}

TEST(IsAtomText, CountsCharactersNotBytes) {
  for (const char* character :
       {"a", "\xc3\xa9", "\xe4\xbd\xa0", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(IsAtomText(Repeat(character, 255))) << character;
    EXPECT_FALSE(IsAtomText(Repeat(character, 256))) << character;
  }
  EXPECT_TRUE(IsAtomText(""));
}

// erl: unicode:characters_to_list(Bytes) of each is {error, ...}, or
// {incomplete, ...} where the text is cut short.
TEST(IsAtomText, RefusesMalformedUtf8) {
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x61",
        "\xe0\x9f\xbf", "\xe4\xbd", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsAtomText(text)) << testing::PrintToString(text);
    EXPECT_FALSE(IsAtomText(std::string("before") + text + "after"))
        << testing::PrintToString(text);
  }
}

TEST(IsAtomText, TakesTheEndsOfEveryRange) {
  for (const char* text : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsAtomText(text)) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace ringdist
