#include "tls/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "tls/testing/certificates.h"

namespace millrace::tls {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class TlsCredentialsTest : public testing::Test {
 protected:
  TlsCredentialsTest() {
    files_.Write("server", files_.authority.Issue());
    files_.Write("ca.pem", files_.authority.certificate());
    options_.setting = "http.tls";
    options_.certificate_file = files_.Path("server.pem");
    options_.key_file = files_.Path("server.key");
  }

  std::string Error() {
    const auto loaded = Credentials::Load(options_);
    return loaded.ok() ? "" : std::string(MessageOf(loaded.status()));
  }

  CertificateFiles files_;
  Options options_;
};

TEST_F(TlsCredentialsTest, ReadsWhatItIsGiven) {
  options_.clients = ClientCertificates::kRequired;
  options_.ca_file = files_.Path("ca.pem");
  const auto credentials = Credentials::Load(options_);
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  const auto loaded = (*credentials)->current();
  EXPECT_EQ(loaded->ca, files_.authority.certificate());
  EXPECT_NEAR(absl::ToDoubleMinutes(loaded->expires - absl::Now()), 60, 1);
}

TEST_F(TlsCredentialsTest, FilesThatAreNotThereAreNamed) {
  options_.certificate_file = files_.Path("missing.pem");
  EXPECT_EQ(Error(),
            StrCat("http.tls.certificate_file: ", options_.certificate_file,
                   " cannot be read: No such file or directory"));
  options_.certificate_file = files_.Path("");
  EXPECT_THAT(Error(), HasSubstr("cannot be read: Is a directory"));
}

TEST_F(TlsCredentialsTest, FilesThatAreNoneAreNamed) {
  const std::string text = files_.Write("text", "hello\n");
  options_.key_file = text;
  EXPECT_THAT(Error(), StartsWith(StrCat("http.tls.key_file: ", text,
                                         " has no private key that can be "
                                         "read")));
  options_.certificate_file = text;
  EXPECT_THAT(Error(), StartsWith(StrCat("http.tls.certificate_file: ", text,
                                         " has no certificate in it")));
  options_.certificate_file =
      files_.Write("cut.pem", files_.authority.certificate().substr(0, 200));
  EXPECT_THAT(Error(), HasSubstr("has a certificate that cannot be read"));
}

TEST_F(TlsCredentialsTest, KeyOfAnotherCertificateIsTold) {
  files_.Write("other", files_.authority.Issue());
  options_.key_file = files_.Path("other.key");
  EXPECT_EQ(Error(), StrCat("http.tls.key_file: ", options_.key_file,
                            " is not the key of the first certificate in ",
                            options_.certificate_file));
}

TEST_F(TlsCredentialsTest, EncryptedKeyIsTold) {
  options_.key_file =
      files_.Write("locked.key",
                   "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"
                   "-----END ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_THAT(Error(), HasSubstr("locked.key is encrypted; give the key "
                                 "without a passphrase"));
}

TEST_F(TlsCredentialsTest, TimesAreChecked) {
  files_.Write("server",
               files_.authority.Issue({.common_name = "old.example.org",
                                       .ends = -absl::Minutes(1)}));
  EXPECT_THAT(Error(), AllOf(HasSubstr("server.pem has expired: the "
                                       "certificate of CN = old.example.org "
                                       "was good until 20")));
  files_.Write("server", files_.authority.Issue({.begins = absl::Minutes(5)}));
  EXPECT_THAT(Error(), HasSubstr("server.pem is not valid yet"));
}

TEST_F(TlsCredentialsTest, SettingsHaveToFitTogether) {
  options_.ca_file = files_.Path("ca.pem");
  EXPECT_THAT(Error(), StartsWith("http.tls.ca_file is there for nothing"));
  options_.ca_file.clear();
  options_.clients = ClientCertificates::kOptional;
  EXPECT_THAT(Error(), StartsWith("http.tls.ca_file must be set"));
  options_.key_file.clear();
  EXPECT_EQ(Error(), "http.tls.key_file must be set: certificate_file is");
  options_.certificate_file.clear();
  EXPECT_EQ(Error(), "http.tls.certificate_file must name a PEM file");
  // A client needs nothing: it trusts whom the system trusts.
  options_.role = Options::Role::kClient;
  EXPECT_EQ(Error(), "");
}

TEST_F(TlsCredentialsTest, ReloadTakesChangedFilesOnceTheyFit) {
  const auto credentials = *Credentials::Load(options_);
  const auto first = credentials->current();
  EXPECT_FALSE(*credentials->Reload());
  EXPECT_EQ(credentials->current(), first);

  const Issued next = files_.authority.Issue();
  files_.Write("server.pem", next.certificate);
  EXPECT_THAT(std::string(MessageOf(credentials->Reload().status())),
              HasSubstr("is not the key of the first certificate"));
  EXPECT_EQ(credentials->current(), first);

  files_.Write("server.key", next.key);
  EXPECT_TRUE(*credentials->Reload());
  EXPECT_EQ(credentials->current()->certificate, next.certificate);
  // Who began with the first has it still.
  EXPECT_NE(first->certificate, next.certificate);
  EXPECT_FALSE(*credentials->Reload());
}

}  // namespace
}  // namespace millrace::tls
