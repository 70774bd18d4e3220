// gRPC over TLS, both sides.

#include "absl/time/clock.h"
#include "base/strings.h"
#include "loop/tcp.h"
#include "rpc/test_support.h"
#include "tls/testing/certificates.h"

namespace millrace::rpc {
namespace {

using tls::ClientCertificates;

// Notes whose certificates callers have shown.
class Recorder final : public Dispatcher {
 public:
  explicit Recorder(Dispatcher& next) : next_(next) {}

  std::optional<Target> Find(std::string_view path) const override {
    return next_.Find(path);
  }
  Promise<MessagePtr> Unary(IncomingCall call, MessagePtr request) override {
    subjects.push_back(call.peer_subject);
    return next_.Unary(std::move(call), std::move(request));
  }
  Stream<MessagePtr> Streaming(IncomingCall call,
                               Stream<MessagePtr> requests) override {
    subjects.push_back(call.peer_subject);
    return next_.Streaming(std::move(call), std::move(requests));
  }
  absl::Span<const ServiceBinding> services() const override {
    return next_.services();
  }

  std::vector<std::string> subjects;

 private:
  Dispatcher& next_;
};

class RpcTlsTest : public RpcTest {
 protected:
  RpcTlsTest() {
    files_.Write("server", files_.authority.Issue());
    files_.Write(
        "client",
        files_.authority.Issue(
            {.common_name = "billing",
             .alternative_names = {"URI:spiffe://example.org/billing"}}));
    files_.Write("ca.pem", files_.authority.certificate());
  }
  ~RpcTlsTest() override {
    channel_.reset();
    server_.reset();
    engine_.reset();
  }

  void StartTls(ClientCertificates clients, ServerOptions options = {}) {
    const bool asked = clients != ClientCertificates::kNone;
    credentials_ = ValueOrThrow(
        tls::Credentials::Load({.certificate_file = files_.Path("server.pem"),
                                .key_file = files_.Path("server.key"),
                                .ca_file = asked ? files_.Path("ca.pem") : "",
                                .clients = clients},
                               clock_ ? &*clock_ : nullptr));
    options.tls = credentials_;
    options.transport = transport();
    auto server = Server::Start(*engine_, std::move(options), recorder_,
                                logger_, metrics_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::shared_ptr<tls::Credentials> Client(const std::string& name = "") {
    return ValueOrThrow(tls::Credentials::Load(files_.Client(name),
                                               clock_ ? &*clock_ : nullptr));
  }
  // What a new channel with these certificates is told.
  absl::Status Try(std::shared_ptr<tls::Credentials> as) {
    channel_ = NewChannel(*engine_, {.target = address(), .tls = as});
    return Await(Say(Request("hello"))).status();
  }

  tls::CertificateFiles files_;
  std::optional<FakeClock> clock_;
  std::shared_ptr<tls::Credentials> credentials_;
  Recorder recorder_{dispatcher_};
};

TEST_F(RpcTlsTest, CallsAreAnswered) {
  StartTls(ClientCertificates::kNone);
  EXPECT_EQ(Try(Client()), absl::OkStatus());
  EXPECT_EQ(recorder_.subjects, std::vector<std::string>{""});
}

TEST_F(RpcTlsTest, ClientsCertificateIsWhoTheyAre) {
  StartTls(ClientCertificates::kRequired);
  EXPECT_EQ(Try(Client("client")), absl::OkStatus());
  files_.Write("client", files_.authority.Issue({.common_name = "ada"}));
  EXPECT_EQ(Try(Client("client")), absl::OkStatus());
  files_.Write("client",
               files_.authority.Issue(
                   {.common_name = "ada",
                    .alternative_names = {"URI:spiffe://example.org/a",
                                          "URI:spiffe://example.org/b"}}));
  EXPECT_EQ(Try(Client("client")), absl::OkStatus());
  EXPECT_EQ(
      recorder_.subjects,
      (std::vector<std::string>{"spiffe://example.org/billing", "ada", ""}));
}

TEST_F(RpcTlsTest, ClientsWithoutCertificateMayBeLetIn) {
  StartTls(ClientCertificates::kOptional);
  EXPECT_EQ(Try(Client()), absl::OkStatus());
  EXPECT_EQ(Try(Client("client")), absl::OkStatus());
  EXPECT_EQ(recorder_.subjects,
            (std::vector<std::string>{"", "spiffe://example.org/billing"}));
}

TEST_F(RpcTlsTest, WhoHasNoGoodCertificateIsRefused) {
  StartTls(ClientCertificates::kRequired);
  EXPECT_EQ(Try(Client()).code(), absl::StatusCode::kUnavailable);
  files_.Write("client", files_.stranger.Issue());
  EXPECT_EQ(Try(Client("client")).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(recorder_.subjects.empty());
}

TEST_F(RpcTlsTest, CertificatesThatHaveExpiredAreRefused) {
  const tls::Issued old = files_.authority.Issue(
      {.begins = -absl::Hours(2), .ends = -absl::Hours(1)});
  files_.Write("old", old);
  // Loaded while they were good.
  clock_.emplace(absl::Now() - absl::Minutes(90));
  files_.Write("server", files_.authority.Issue({.begins = -absl::Hours(2)}));
  StartTls(ClientCertificates::kOptional);
  EXPECT_EQ(Try(Client("old")).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Try(Client()), absl::OkStatus());

  files_.Write("server", old);
  ASSERT_TRUE(*credentials_->Reload());
  EXPECT_EQ(Try(Client()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(RpcTlsTest, ServersOfAnotherAuthorityAreRefused) {
  StartTls(ClientCertificates::kNone);
  files_.Write("ca.pem", files_.stranger.certificate());
  EXPECT_EQ(Try(Client()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(RpcTlsTest, PlainTextAndTlsDoNotMeet) {
  StartTls(ClientCertificates::kNone);
  EXPECT_EQ(Try(nullptr).code(), absl::StatusCode::kUnavailable);
  channel_.reset();
  server_.reset();
  StartServer();
  EXPECT_EQ(Try(Client()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(RpcTlsTest, OpenConnectionsOutliveTheirCertificate) {
  StartTls(ClientCertificates::kNone);
  const auto client = Client();
  ASSERT_EQ(Try(client), absl::OkStatus());
  auto open = std::move(channel_);

  files_.Write("server", files_.stranger.Issue());
  ASSERT_TRUE(*credentials_->Reload());
  EXPECT_EQ(Try(client).code(), absl::StatusCode::kUnavailable);
  channel_ = std::move(open);
  EXPECT_TRUE(Await(Say(Request("still here"))).ok());

  // The client's files change too: the same channel connects anew.
  files_.Write("ca.pem", files_.stranger.certificate());
  ASSERT_TRUE(*client->Reload());
  EXPECT_TRUE(Await(Say(Request("and again"))).ok());
}

TEST_F(RpcTlsTest, SlowHandshakesAreEnded) {
  StartTls(ClientCertificates::kNone,
           {.handshake_timeout = absl::Milliseconds(500)});
  auto socket =
      Await(TcpConnection::Connect(loop_, "127.0.0.1", server_->port()));
  ASSERT_TRUE(socket.ok());
  bool ended = false;
  (*socket)->OnData([](std::string_view) {});
  (*socket)->OnEnd([&] { ended = true; });
  (*socket)->OnClose([&](const absl::Status&) { ended = true; });
  RunUntil([&] { return ended; });
  (*socket)->Close();
  EXPECT_EQ(Try(Client()), absl::OkStatus());
}

}  // namespace
}  // namespace millrace::rpc
