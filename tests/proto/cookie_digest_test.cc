#include "ringdist/proto/cookie_digest.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace ringdist {
namespace {

std::string HexDigest(absl::string_view cookie, uint32_t challenge) {
  const absl::StatusOr<Digest> digest = CookieDigest(cookie, challenge);
  if (!digest.ok()) return std::string(digest.status().message());
  return absl::BytesToHexString(std::string(digest->begin(), digest->end()));
}

// erlang:md5("testcookie" ++ integer_to_list(3217268428)), and so on.
TEST(CookieDigestTest, IsThatOfARealNode) {
  EXPECT_EQ(HexDigest("testcookie", 3217268428),
            "2acf30515e6ab6bb47a1399f8b04b31a");
  EXPECT_EQ(HexDigest("testcookie", 3735928559),
            "9d90f2eaace990501922665fe8380c3d");
}

TEST(CookieDigestTest, ChallengeIsUnsignedDecimalWithoutLeadingZeros) {
  EXPECT_EQ(HexDigest("cookie", 0), "e607172a1a7adb262d2d98462463b1a9");
  EXPECT_EQ(HexDigest("cookie", 4294967295),
            "de56ff9d11b071905bce597a85d67f4f");
}

TEST(CookieDigestTest, CookieAndChallengeAreJoinedWithoutASeparator) {
  EXPECT_EQ(HexDigest("cookie", 12), HexDigest("cookie1", 2));
}

TEST(CookieDigestTest, CookieIsBytes) {
  // erlang:md5([0, 255] ++ "1").
  EXPECT_EQ(HexDigest(absl::string_view("\0\xFF", 2), 1),
            "0812e34ae9c6d5c880733a2ebc025834");
  // erlang:md5("1").
  EXPECT_EQ(HexDigest("", 1), "c4ca4238a0b923820dcc509a6f75849b");
}

TEST(CookieDigestTest, DigestsDifferIfOneBitDoes) {
  const Digest digest = *CookieDigest("testcookie", 1);
  EXPECT_TRUE(DigestsEqual(digest, digest));
  for (size_t bit = 0; bit < kDigestSize * 8; ++bit) {
    Digest other = digest;
    other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(DigestsEqual(digest, other)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace ringdist
