// The HTTP face over TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "base/status.h"
#include "base/strings.h"
#include "http/fetch.h"
#include "http/server_fixture.h"
#include "loop/testing/await.h"
#include "tls/testing/certificates.h"
#include "tls/testing/exchange.h"

namespace millrace::http {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class TlsServerTest : public ServerFixture {
 protected:
  TlsServerTest() {
    files_.Write("server", files_.authority.Issue());
    files_.Write("client", files_.authority.Issue({.common_name = "ada"}));
    files_.Write("ca.pem", files_.authority.certificate());
    router_.Get("/who", [](Request request) {
      return Promise<Response>::Resolve(
          Response::Text(200, StrCat("<", request.peer_subject, ">")));
    });
    router_.Get("/large", [this](Request) {
      return Promise<Response>::Resolve(Response::Text(200, large_));
    });
  }

  void Secure(tls::ClientCertificates clients) {
    const bool asked = clients != tls::ClientCertificates::kNone;
    options_.tls = ValueOrThrow(
        tls::Credentials::Load({.certificate_file = files_.Path("server.pem"),
                                .key_file = files_.Path("server.key"),
                                .ca_file = asked ? files_.Path("ca.pem") : "",
                                .clients = clients}));
    Start();
  }

  // A client that trusts `ca`, with a certificate if it has a name.
  std::shared_ptr<tls::Credentials> Client(const std::string& name = "",
                                           const std::string& ca = "ca.pem") {
    return ValueOrThrow(tls::Credentials::Load(files_.Client(name, ca)));
  }

  template <typename T>
  StatusOrVoid<T> Settle(Promise<T> promise) {
    return AwaitOn(loop_, std::move(promise));
  }
  absl::StatusOr<std::string> Get(const std::string& path,
                                  std::shared_ptr<tls::Credentials> as) {
    return Settle(tls::Exchange(loop_, std::move(as), port(),
                                GetRequest(path, "Connection: close\r\n")));
  }
  // Says plain bytes and takes what comes until the end, on a thread.
  std::string Plain(const std::string& bytes) {
    std::string answer;
    std::thread thread([&] {
      TestClient client(port());
      client.Send(bytes);
      for (std::string more; !(more = client.ReadSome()).empty();) {
        answer += more;
      }
      loop_.Post([this] { loop_.Stop(); });
    });
    loop_.AddRef();
    loop_.Run();
    loop_.ReleaseRef();
    thread.join();
    return answer;
  }

  tls::CertificateFiles files_;
  std::string large_;
};

TEST_F(TlsServerTest, ServesAndTellsWhoCalls) {
  Secure(tls::ClientCertificates::kOptional);
  const auto nobody = Get("/who", Client());
  ASSERT_TRUE(nobody.ok()) << nobody.status();
  EXPECT_THAT(*nobody, AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("<>")));
  const auto ada = Get("/who", Client("client"));
  ASSERT_TRUE(ada.ok()) << ada.status();
  EXPECT_THAT(*ada, EndsWith("<ada>"));
}

TEST_F(TlsServerTest, TellsBrowsersToComeByTlsOnly) {
  options_.hsts = {.max_age = absl::Hours(1), .include_subdomains = true};
  Secure(tls::ClientCertificates::kNone);
  const std::string field =
      "\r\nStrict-Transport-Security: max-age=3600; includeSubDomains\r\n";
  for (const char* path : {"/who", "/nowhere"}) {
    const auto answer = Get(path, Client());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(*answer, HasSubstr(field)) << path;
  }
}

TEST_F(TlsServerTest, RefusesWhoHasNoGoodCertificate) {
  Secure(tls::ClientCertificates::kRequired);
  EXPECT_TRUE(Get("/who", Client("client")).ok());
  EXPECT_FALSE(Get("/who", Client()).ok());
  files_.Write("client", files_.stranger.Issue({.common_name = "eve"}));
  EXPECT_FALSE(Get("/who", Client("client")).ok());
}

TEST_F(TlsServerTest, AnswersThatAreLargeArriveWhole) {
  for (int i = 0; large_.size() < (3 << 20); ++i) StrAppend(&large_, i, "\n");
  Secure(tls::ClientCertificates::kNone);
  const auto answer = Get("/large", Client());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->substr(answer->find("\r\n\r\n") + 4), large_);
}

TEST_F(TlsServerTest, OpenConnectionsOutliveTheirCertificate) {
  Secure(tls::ClientCertificates::kNone);
  const auto trusts_old = Client();
  auto open = Settle(tls::Dial(loop_, trusts_old, port()));
  ASSERT_TRUE(open.ok()) << open.status();
  std::string answers;
  Deferred<void> answered;
  (*open)->OnData([&](std::string_view bytes) {
    answers += bytes;
    if (answers.ends_with("<>")) answered.Resolve();
  });

  files_.Write("server", files_.stranger.Issue());
  files_.Write("new_ca.pem", files_.stranger.certificate());
  ASSERT_TRUE(*options_.tls->Reload());
  EXPECT_FALSE(Get("/who", trusts_old).ok());
  EXPECT_TRUE(Get("/who", Client("", "new_ca.pem")).ok());
  ASSERT_TRUE(Settle((*open)->Write(GetRequest("/who"))).ok());
  ASSERT_TRUE(Settle(answered.promise()).ok());
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 "));
}

TEST_F(TlsServerTest, FetchTrustsWhomItIsToldTo) {
  Secure(tls::ClientCertificates::kRequired);
  const auto fetch = [this](std::shared_ptr<tls::Credentials> as) {
    return Settle(Fetch(
        loop_,
        {.host = "127.0.0.1", .port = port(), .target = "/who", .secure = true},
        {.tls = std::move(as)}));
  };
  const auto body = fetch(Client("client"));
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(*body, "<ada>");
  EXPECT_EQ(fetch(Client()).status().code(), absl::StatusCode::kUnavailable);
  files_.Write("ca.pem", files_.stranger.certificate());
  EXPECT_THAT(fetch(Client("client")).status().ToString(),
              HasSubstr("its certificate is refused"));
  EXPECT_EQ(fetch(nullptr).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TlsServerTest, PlainHttpIsToldWhatIsSpokenHere) {
  Secure(tls::ClientCertificates::kNone);
  const std::string answer = Plain(GetRequest("/who"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  const size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_THAT(answer, HasSubstr(StrCat("Content-Length: ", answer.size() - body,
                                       "\r\n")));
  EXPECT_EQ(answer.substr(body),
            R"({"code":"invalid_argument",)"
            R"("message":"this port speaks TLS; use https://"})");
}

TEST_F(TlsServerTest, SlowHandshakesEndAndDisturbNobody) {
  options_.handshake_timeout = absl::Milliseconds(30);
  Secure(tls::ClientCertificates::kNone);
  EXPECT_EQ(Plain(std::string("\x16\x03\x01\x02", 4)), "");
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_TRUE(Get("/who", Client()).ok());
}

TEST_F(TlsServerTest, TooManyConnectionsAreToldSo) {
  options_.max_connections = 1;
  Secure(tls::ClientCertificates::kNone);
  const auto first = Settle(tls::Dial(loop_, Client(), port()));
  ASSERT_TRUE(first.ok());
  const auto second = Get("/who", Client());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(*second, StartsWith("HTTP/1.1 503 "));
}

TEST_F(TlsServerTest, DrainClosesIdleConnections) {
  Secure(tls::ClientCertificates::kNone);
  const auto client = Settle(tls::Dial(loop_, Client(), port()));
  ASSERT_TRUE(client.ok());
  // Answered once, so that the server is through its handshake too.
  Deferred<void> answered, ended;
  (*client)->OnData([answered](std::string_view) { answered.Resolve(); });
  (*client)->OnEnd([ended] { ended.Resolve(); });
  ASSERT_TRUE(Settle((*client)->Write(GetRequest("/who"))).ok());
  ASSERT_TRUE(Settle(answered.promise()).ok());
  Drain(absl::Seconds(5));
  EXPECT_TRUE(Settle(ended.promise()).ok());
  (*client)->Close();
  loop_.Run();
  EXPECT_TRUE(drained_);
}

}  // namespace
}  // namespace millrace::http
