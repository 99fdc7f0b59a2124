#include "ringdist/proto/cookie_digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringdist {

absl::StatusOr<Digest> CookieDigest(absl::string_view cookie,
                                    uint32_t challenge) {
  const std::string decimal = absl::StrCat(challenge);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Digest digest;
  if (context == nullptr ||
      EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), cookie.data(), cookie.size()) != 1 ||
      EVP_DigestUpdate(context.get(), decimal.data(), decimal.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    return absl::UnavailableError(
        "libcrypto refuses MD5, which the handshake needs: allow it in "
        "OpenSSL's configuration (FIPS mode forbids it)");
  }
  return digest;
}

bool DigestsEqual(const Digest& left, const Digest& right) {
  return CRYPTO_memcmp(left.data(), right.data(), kDigestSize) == 0;
}

}  // namespace ringdist
