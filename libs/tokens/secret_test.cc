#include "tokens/secret.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace::tokens {
namespace {

TEST(Secret, IsNew) {
  EXPECT_EQ(NewSecret().size(), 43u);
  EXPECT_NE(NewSecret(), NewSecret());
}

// FIPS 180-2, appendix B.1.
TEST(Secret, ADigestIsKept) {
  EXPECT_EQ(SecretDigest("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

TEST(Secret, OpensOnlyWithItsPassphraseAndLabel) {
  const std::string sealed = Seal("text", "key 1", "passphrase");
  EXPECT_NE(sealed, Seal("text", "key 1", "passphrase"));
  EXPECT_EQ(*Unseal(sealed, "key 1", "passphrase"), "text");
  EXPECT_EQ(Unseal(sealed, "key 1", "other").status(),
            absl::FailedPreconditionError(
                "key 1 cannot be opened: it was sealed with another secret, or "
                "changed since"));
  EXPECT_FALSE(Unseal(sealed, "key 2", "passphrase").ok());
  EXPECT_FALSE(Unseal("", "key 1", "passphrase").ok());
  EXPECT_FALSE(Unseal("AAAA", "key 1", "passphrase").ok());
  std::string changed = sealed;
  changed[40] = changed[40] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(Unseal(changed, "key 1", "passphrase").ok());
}

}  // namespace
}  // namespace millrace::tokens
