// TLS on both faces of a host, from the configuration to the identity.

#include "runtime/host_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/strings.h"
#include "rpc/channel.h"
#include "runtime/testdata/sample_host.h"
#include "sample/v1/sample.millrace.h"
#include "tls/testing/certificates.h"
#include "tls/testing/exchange.h"

namespace millrace::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class HostTlsTest : public SampleHostTest {
 protected:
  HostTlsTest() {
    files_.Write("server", files_.authority.Issue());
    files_.Write(
        "billing",
        files_.authority.Issue(
            {.common_name = "billing",
             .alternative_names = {"URI:spiffe://example.org/billing"}}));
    files_.Write("ca.pem", files_.authority.certificate());
  }

  void Secure(config::v1::Tls* tls, const std::string& clients) {
    tls->set_certificate_file(files_.Path("server.pem"));
    tls->set_key_file(files_.Path("server.key"));
    tls->set_client_certificates(clients);
    if (clients != "none") tls->set_ca_file(files_.Path("ca.pem"));
  }
  std::shared_ptr<tls::Credentials> Client(const std::string& name = "") {
    return ValueOrThrow(tls::Credentials::Load(files_.Client(name)));
  }

  std::string Say(std::shared_ptr<tls::Credentials> as,
                  const std::string& request) {
    const auto answer =
        Settle(loop_, tls::Exchange(loop_, std::move(as),
                                    PortOf(host_->http_address()), request));
    return answer.ok() ? *answer : answer.status().ToString();
  }
  std::string Get(std::shared_ptr<tls::Credentials> as,
                  const std::string& path) {
    return Say(std::move(as), StrCat("GET ", path,
                                     " HTTP/1.1\r\nHost: localhost\r\n"
                                     "Connection: close\r\n\r\n"));
  }
  std::string GreetHttp(std::shared_ptr<tls::Credentials> as) {
    const std::string body = R"({"name":"Ada"})";
    return Say(std::move(as),
               StrCat("POST /sample.v1.GreeterService/Greet HTTP/1.1\r\n"
                      "Host: localhost\r\nConnection: close\r\n"
                      "Content-Type: application/json\r\nContent-Length: ",
                      body.size(), "\r\n\r\n", body));
  }
  absl::Status GreetGrpc(std::shared_ptr<tls::Credentials> as) {
    const auto channel = rpc::NewChannel(
        host_->engine(), {.target = host_->grpc_address(), .tls = as});
    return Settle(loop_, GreetOver(*channel, "Ada")).status();
  }

  tls::CertificateFiles files_;
};

TEST_F(HostTlsTest, CertificatesSayWhoCallsOverBothFaces) {
  Secure(config_.mutable_http()->mutable_tls(), "optional");
  Secure(config_.mutable_grpc()->mutable_tls(), "required");
  config_.mutable_identity()->set_certificates(true);
  config_.mutable_identity()->set_access(true);
  Start();

  EXPECT_THAT(GreetHttp(Client("billing")), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(GreetGrpc(Client("billing")), absl::OkStatus());
  const auto calls = logger_.Saying("call");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].at("subject"), "spiffe://example.org/billing");
  EXPECT_EQ(calls[1].at("subject"), "spiffe://example.org/billing");

  // Without one they are nobody, whom the contract does not let in, and who may
  // still ask how the process is.
  EXPECT_THAT(GreetHttp(Client()), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Get(Client(), "/readyz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(GreetGrpc(Client()).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Http("GET", "/healthz"), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTlsTest, PermissionsOfCertificatesAreConfigured) {
  Secure(config_.mutable_http()->mutable_tls(), "optional");
  config_.mutable_identity()->set_certificates(true);
  config_.mutable_identity()->set_access(true);
  (*config_.mutable_identity()
        ->mutable_certificate_permissions())["spiffe://example.org/billing"] =
      "a.b  sample.greetings.read";
  Start();
  // Of somebody else, which takes the permission; the greeter cannot.
  const auto repeat = [&](std::shared_ptr<tls::Credentials> as) {
    const std::string body = R"({"name":"bob","times":1})";
    return Say(std::move(as),
               StrCat("POST /sample.v1.GreeterService/Repeat HTTP/1.1\r\n"
                      "Host: localhost\r\nConnection: close\r\n"
                      "Accept: text/event-stream\r\n"
                      "Content-Type: application/json\r\nContent-Length: ",
                      body.size(), "\r\n\r\n", body));
  };
  EXPECT_THAT(repeat(Client("billing")), HasSubstr("unimplemented"));
  files_.Write("billing", files_.authority.Issue({.common_name = "other"}));
  EXPECT_THAT(repeat(Client("billing")), HasSubstr("permission_denied"));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTlsTest, ChangedFilesAreTakenWhileItRuns) {
  config_.set_tls_reload_interval("5ms");
  Secure(config_.mutable_http()->mutable_tls(), "none");
  Secure(config_.mutable_grpc()->mutable_tls(), "none");
  Start();
  EXPECT_THAT(Get(Client(), "/healthz"), StartsWith("HTTP/1.1 200 "));

  // One file at a time: between the two there is nothing that fits.
  const tls::Issued next = files_.stranger.Issue();
  files_.Write("server.pem", next.certificate);
  const std::string refused =
      "certificates cannot be taken; those that are there stay";
  Until([&] { return logger_.Saying(refused).size() >= 2; });
  EXPECT_THAT(logger_.Saying(refused)[0].at("error"),
              HasSubstr("server.key is not the key of the first certificate"));
  EXPECT_THAT(Get(Client(), "/healthz"), StartsWith("HTTP/1.1 200 "));

  files_.Write("server.key", next.key);
  Until([&] {
    return logger_.Saying("certificates have changed and are taken").size() ==
           2;
  });
  EXPECT_EQ(logger_.Saying(refused).size(), 2u);
  EXPECT_THAT(Get(Client(), "/healthz"), HasSubstr("UNAVAILABLE"));
  files_.Write("ca.pem", files_.stranger.certificate());
  EXPECT_EQ(GreetGrpc(Client()), absl::OkStatus());
  EXPECT_THAT(
      Get(Client(), "/metrics"),
      AllOf(HasSubstr("millrace_tls_reloads_total{outcome=\"changed\","
                      "setting=\"http.tls\"} 1\n"),
            HasSubstr("millrace_tls_certificate_expires_timestamp_seconds{"
                      "setting=\"grpc.tls\"} ")));
  EXPECT_TRUE(Drain().ok());
}

TEST_F(HostTlsTest, FilesThatCannotBeTakenEndTheStart) {
  Secure(config_.mutable_grpc()->mutable_tls(), "none");
  config_.mutable_grpc()->mutable_tls()->set_key_file(files_.Path("nowhere"));
  EXPECT_EQ(MessageOf(Create()),
            StrCat("grpc.tls.key_file: ", files_.Path("nowhere"),
                   " cannot be read: No such file or directory"));
}

}  // namespace
}  // namespace millrace::runtime
