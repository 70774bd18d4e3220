// What a configuration may say of callers: how often, and who they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/config_limits.h"
#include "runtime/testdata/config_fixture.h"

namespace millrace::runtime {
namespace {

TEST_F(ConfigTest, RatesOfCalls) {
  Yaml(
      "calls:\n"
      "  by_address: {calls: 100, per: 1m, burst: 20}\n"
      "  proxies: 1\n");
  Set("calls.by_subject.calls", "5");
  const CallLimits limits = CallLimitsOf(Load());
  EXPECT_EQ(
      limits.by_address,
      (TokenRate{.tokens = 100, .period = absl::Minutes(1), .burst = 20}));
  EXPECT_EQ(limits.by_subject, (TokenRate{.tokens = 5}));
  EXPECT_EQ(limits.proxies, 1);
  Set("calls.by_address.per", "25h");
  Set("calls.by_subject.calls", "0");
  Set("calls.by_subject.burst", "5");
  EXPECT_EQ(Error(),
            "--set calls.by_address.per: calls.by_address.per must be at most "
            "24h\n"
            "--set calls.by_subject.burst: calls.by_subject.burst needs "
            "calls.by_subject.calls: without it there is no limit");
}

TEST_F(ConfigTest, AccessNeedsToKnowWhoCalls) {
  EXPECT_FALSE(Load().identity().access());
  Set("identity.access", "true");
  EXPECT_EQ(Error(),
            "--set identity.access: identity.access needs identity.jwks or "
            "identity.certificates: without them nobody is known, and nobody "
            "may call");
  Set("identity.jwks", "local");
  EXPECT_EQ(Error(), "");
}

TEST_F(ConfigTest, HstsIsForTls) {
  Set("http.hsts.include_subdomains", "true");
  EXPECT_EQ(Error(),
            "http.hsts.max_age must be set for http.hsts.include_subdomains; "
            "set it with --set http.hsts.max_age=... or "
            "MILLRACE_HTTP_HSTS_MAX_AGE");
  Set("http.hsts.max_age", "8760h");
  EXPECT_EQ(Error(),
            "--set http.hsts.max_age: http.hsts.max_age needs "
            "http.tls.certificate_file: browsers believe it over TLS only; a "
            "proxy that speaks TLS before this process tells it itself");
  Yaml("http:\n  tls: {certificate_file: a.pem, key_file: a.key}\n");
  EXPECT_EQ(Error(), "");
}

TEST_F(ConfigTest, CertificatesFitTogether) {
  Yaml(
      "http:\n  tls: {certificate_file: a.pem}\n"
      "grpc:\n  tls: {certificate_file: a.pem, key_file: a.key,\n"
      "        client_certificates: required}\n"
      "remote_tls: {key_file: b.key}\n");
  EXPECT_EQ(Error(),
            "http.tls.key_file must be set: certificate_file is; set it with "
            "--set http.tls.key_file=... or MILLRACE_HTTP_TLS_KEY_FILE\n"
            "grpc.tls.ca_file must be set: it has the authorities that sign "
            "the certificates which clients are asked for; set it with --set "
            "grpc.tls.ca_file=... or MILLRACE_GRPC_TLS_CA_FILE\n"
            "remote_tls.certificate_file must be set: key_file is; set it with "
            "--set remote_tls.certificate_file=... or "
            "MILLRACE_REMOTE_TLS_CERTIFICATE_FILE");
}

TEST_F(ConfigTest, CertificatesOfCallersMustBeAskedFor) {
  Set("identity.certificates", "true");
  EXPECT_EQ(Error(),
            "--set identity.certificates: identity.certificates needs "
            "http.tls.client_certificates or grpc.tls.client_certificates: "
            "callers are not asked for one");
}

TEST_F(ConfigTest, OriginsAreThoseOfBrowsers) {
  Yaml(
      "http:\n  cors:\n    origins: [https://a.example, "
      "https://B.example/]\n");
  EXPECT_THAT(Error(), testing::StartsWith(
                           "config.yaml:3:14: http.cors.origins has "
                           "'https://B.example/' is not an origin as browsers "
                           "write it"));
  Yaml(
      "http:\n  cors:\n    origins: [https://a.example, "
      "https://*.b.example]\n    max_age: 0s\n");
  EXPECT_EQ(Load().http().cors().origins_size(), 2);
}

TEST_F(ConfigTest, Identity) {
  Yaml(
      "identity:\n  jwks: ftp://id.example/keys\n  issuer: ''\n"
      "  clock_skew: 1h\n");
  Environment("MILLRACE_IDENTITY_KEY_SECRET", "short");
  EXPECT_EQ(
      Error(),
      "config.yaml:4:15: identity.clock_skew must be at most 5m\n"
      "config.yaml:2:9: identity.jwks must be 'local' or the URL of a JWK "
      "set: 'ftp://id.example/keys' begins neither with http:// nor with "
      "https://\n"
      "config.yaml:3:11: identity.issuer must name who issues tokens\n"
      "MILLRACE_IDENTITY_KEY_SECRET: identity.key_secret must have at least 16 "
      "characters; make one with 'openssl rand -base64 32'");
}

}  // namespace
}  // namespace millrace::runtime
