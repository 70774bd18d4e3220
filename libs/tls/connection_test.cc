#include "tls/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/status.h"
#include "base/strings.h"
#include "loop/testing/await.h"
#include "tls/testing/certificates.h"

namespace millrace::tls {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using SocketPtr = std::shared_ptr<TcpConnection>;
using ConnectionPtr = std::shared_ptr<Connection>;

// A server that says what it is told, and clients, on one loop.
class TlsConnectionTest : public testing::Test {
 protected:
  TlsConnectionTest() {
    files_.Write("server", files_.authority.Issue());
    files_.Write(
        "client",
        files_.authority.Issue(
            {.common_name = "a client",
             .alternative_names = {"URI:spiffe://example.org/client"}}));
    files_.Write("ca.pem", files_.authority.certificate());
    server_options_ = {.certificate_file = files_.Path("server.pem"),
                       .key_file = files_.Path("server.key")};
    client_options_ = {.role = Options::Role::kClient,
                       .ca_file = files_.Path("ca.pem")};
  }

  void AskClients(ClientCertificates clients) {
    server_options_.clients = clients;
    server_options_.ca_file = files_.Path("ca.pem");
  }
  void ShowCertificate(const std::string& name) {
    client_options_.certificate_file = files_.Path(name + ".pem");
    client_options_.key_file = files_.Path(name + ".key");
  }

  void Listen() {
    server_ = ValueOrThrow(
        Credentials::Load(server_options_, clock_ ? &*clock_ : nullptr));
    listener_ = ValueOrThrow(TcpListener::Listen(
        loop_, "127.0.0.1", 0, 16,
        [this](SocketPtr socket) { Accepted(std::move(socket)); }));
  }

  void Accepted(SocketPtr socket) {
    accept_options_.on_handshake = [this](const absl::Status& status) {
      handshakes_.push_back(status);
    };
    const ConnectionPtr connection =
        Accept(loop_, server_->current(), std::move(socket), accept_options_);
    accepted_.push_back(connection);
    Connection* raw = connection.get();
    connection->OnData([this, raw](std::string_view bytes) {
      received_ += bytes;
      if (!echo_) return;
      static_cast<void>(AsStatusOr(raw->Write(std::string(bytes))));
    });
    connection->OnEnd([this, raw] {
      ended_ = true;
      raw->End();
    });
  }

  Promise<ConnectionPtr> Open(std::string host) {
    const auto credentials = ValueOrThrow(Credentials::Load(client_options_));
    SocketPtr socket =
        co_await TcpConnection::Connect(loop_, "127.0.0.1", listener_->port());
    ConnectOptions options;
    options.host = std::move(host);
    co_return co_await Connect(loop_, credentials->current(), std::move(socket),
                               std::move(options));
  }

  template <typename T>
  StatusOrVoid<T> Settle(Promise<T> promise) {
    return AwaitOn(loop_, std::move(promise));
  }
  void Until(const std::function<bool()>& condition) {
    Timer timer = loop_.SetInterval(absl::Milliseconds(1), [&] {
      if (condition()) loop_.Stop();
    });
    loop_.Run();
    timer.Clear();
    ASSERT_TRUE(condition());
  }

  // A connection that has been closed, and why.
  struct Watched {
    ConnectionPtr connection;
    std::string received;
    bool ended = false;
    std::optional<absl::Status> closed;
  };
  std::unique_ptr<Watched> Watch(ConnectionPtr connection) {
    auto watched = std::make_unique<Watched>();
    Watched* raw = watched.get();
    connection->OnData(
        [raw](std::string_view bytes) { raw->received += bytes; });
    connection->OnEnd([raw] { raw->ended = true; });
    connection->OnClose([raw](const absl::Status& why) { raw->closed = why; });
    raw->connection = std::move(connection);
    return watched;
  }
  std::unique_ptr<Watched> MustOpen() {
    auto opened = Settle(Open("localhost"));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? Watch(*std::move(opened)) : nullptr;
  }

  EventLoop loop_;
  CertificateFiles files_;
  Options server_options_;
  Options client_options_;
  AcceptOptions accept_options_;
  std::optional<FakeClock> clock_;  // of the server
  std::shared_ptr<Credentials> server_;
  std::unique_ptr<TcpListener> listener_;
  std::vector<ConnectionPtr> accepted_;
  std::vector<absl::Status> handshakes_;
  std::string received_;
  bool echo_ = true;
  bool ended_ = false;
};

TEST_F(TlsConnectionTest, CarriesBytesBothWaysAndEnds) {
  Listen();
  const auto client = MustOpen();
  std::string text;
  for (int i = 0; i < 100'000; ++i) StrAppend(&text, i, ",");
  EXPECT_TRUE(Settle(client->connection->Write(text)).ok());
  Until([&] { return client->received.size() == text.size(); });
  EXPECT_EQ(client->received, text);
  EXPECT_EQ(accepted_[0]->peer_subject(), "");
  EXPECT_EQ(handshakes_, std::vector<absl::Status>{absl::OkStatus()});

  client->connection->End();
  Until([&] { return client->closed.has_value(); });
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(client->ended);
  EXPECT_EQ(*client->closed, absl::OkStatus());
}

TEST_F(TlsConnectionTest, PauseHoldsTheOtherSideBackAndLosesNothing) {
  Listen();
  echo_ = false;
  const auto client = MustOpen();
  accepted_[0]->Pause();
  const std::string piece(256 << 10, 'x');
  size_t sent = 0;
  // Until what is in between is full.
  while (client->connection->pending_bytes() == 0) {
    static_cast<void>(AsStatusOr(client->connection->Write(piece)));
    sent += piece.size();
    ASSERT_EQ(Settle(Delay(absl::Milliseconds(1))), absl::OkStatus());
  }
  EXPECT_LT(received_.size(), piece.size());
  accepted_[0]->Resume();
  Until([&] { return received_.size() == sent; });
}

TEST_F(TlsConnectionTest, AddressesAndNamesAreChecked) {
  Listen();
  EXPECT_TRUE(Settle(Open("127.0.0.1")).ok());
  EXPECT_THAT(Settle(Open("127.0.0.2")).status().ToString(),
              HasSubstr("its certificate is refused: IP address mismatch"));
  EXPECT_THAT(Settle(Open("example.org")).status().ToString(),
              HasSubstr("its certificate is refused: hostname mismatch"));
}

TEST_F(TlsConnectionTest, ServersOfAnotherAuthorityAreRefused) {
  files_.Write("ca.pem", files_.stranger.certificate());
  Listen();
  const absl::Status status = Settle(Open("localhost")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(status)),
              AllOf(HasSubstr("TLS with 127.0.0.1:"),
                    HasSubstr("its certificate is refused: unable to get "
                              "local issuer certificate")));
  Until([&] { return !handshakes_.empty(); });
  EXPECT_THAT(handshakes_[0].ToString(),
              HasSubstr("it refused: tlsv1 alert unknown ca"));
}

TEST_F(TlsConnectionTest, ServersWhoseCertificateHasExpiredAreRefused) {
  files_.Write("server", files_.authority.Issue({.begins = -absl::Hours(2),
                                                 .ends = -absl::Hours(1)}));
  // Loaded while it was good.
  clock_.emplace(absl::Now() - absl::Minutes(90));
  Listen();
  EXPECT_THAT(Settle(Open("localhost")).status().ToString(),
              HasSubstr("its certificate is refused: certificate has expired"));
}

TEST_F(TlsConnectionTest, ClientsCertificateIsWhoTheyAre) {
  AskClients(ClientCertificates::kRequired);
  Listen();
  ShowCertificate("client");
  const auto client = MustOpen();
  Until([&] { return !handshakes_.empty(); });
  EXPECT_EQ(accepted_[0]->peer_subject(), "spiffe://example.org/client");
}

TEST_F(TlsConnectionTest, ClientsWithoutCertificateAreRefusedWhereItIsAsked) {
  AskClients(ClientCertificates::kRequired);
  Listen();
  const auto client = MustOpen();
  Until([&] { return client->closed.has_value() && !handshakes_.empty(); });
  EXPECT_THAT(handshakes_[0].ToString(),
              HasSubstr("it has shown no certificate, and one is asked for"));
  EXPECT_THAT(client->closed->ToString(),
              HasSubstr("it refused: tlsv13 alert certificate required"));
}

TEST_F(TlsConnectionTest, ClientsWithoutCertificateMayBeLetIn) {
  AskClients(ClientCertificates::kOptional);
  Listen();
  const auto client = MustOpen();
  Until([&] { return !handshakes_.empty(); });
  EXPECT_EQ(handshakes_[0], absl::OkStatus());
  EXPECT_EQ(accepted_[0]->peer_subject(), "");
}

TEST_F(TlsConnectionTest, ClientsOfAnotherAuthorityAreRefused) {
  AskClients(ClientCertificates::kOptional);
  files_.Write("client", files_.stranger.Issue());
  ShowCertificate("client");
  Listen();
  const auto client = MustOpen();
  Until([&] { return client->closed.has_value() && !handshakes_.empty(); });
  EXPECT_THAT(handshakes_[0].ToString(),
              HasSubstr("its certificate is refused: unable to get local "
                        "issuer certificate"));
}

TEST_F(TlsConnectionTest, NewConnectionsTakeNewCertificates) {
  Listen();
  const auto before = MustOpen();
  // Another authority's: only who trusts it can tell the difference.
  files_.Write("server", files_.stranger.Issue());
  ASSERT_TRUE(*server_->Reload());
  EXPECT_FALSE(Settle(Open("localhost")).ok());
  files_.Write("ca.pem", files_.stranger.certificate());
  const auto after = MustOpen();

  for (const auto* client : {before.get(), after.get()}) {
    EXPECT_TRUE(Settle(client->connection->Write("still here")).ok());
    Until([&] { return client->received == "still here"; });
  }
}

TEST_F(TlsConnectionTest, PlainTextIsToldWhatIsSpoken) {
  accept_options_.plaintext_answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  Listen();
  const auto socket =
      Settle(TcpConnection::Connect(loop_, "127.0.0.1", listener_->port()));
  ASSERT_TRUE(socket.ok());
  std::string answer;
  bool closed = false;
  (*socket)->OnData([&](std::string_view bytes) { answer += bytes; });
  (*socket)->OnClose([&](const absl::Status&) { closed = true; });
  ASSERT_TRUE(
      Settle((*socket)->Write("GET / HTTP/1.1\r\nHost: test\r\n\r\n")).ok());
  Until([&] { return closed; });
  EXPECT_EQ(answer, "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(handshakes_[0].ToString(), HasSubstr("it does not speak TLS"));
}

TEST_F(TlsConnectionTest, SlowHandshakesAreEnded) {
  accept_options_.handshake_timeout = absl::Milliseconds(20);
  Listen();
  const auto socket =
      Settle(TcpConnection::Connect(loop_, "127.0.0.1", listener_->port()));
  ASSERT_TRUE(socket.ok());
  bool closed = false;
  (*socket)->OnData([](std::string_view) {});
  (*socket)->OnClose([&](const absl::Status&) { closed = true; });
  // The beginning of a ClientHello, which never ends.
  ASSERT_TRUE(
      Settle((*socket)->Write(std::string("\x16\x03\x01\x02", 4))).ok());
  Until([&] { return closed; });
  ASSERT_EQ(handshakes_.size(), 1u);
  EXPECT_EQ(handshakes_[0].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(handshakes_[0].ToString(), HasSubstr("no handshake within 20ms"));
}

TEST_F(TlsConnectionTest, CutConnectionsAreTold) {
  Listen();
  const auto client = MustOpen();
  Until([&] { return !handshakes_.empty(); });
  // Without a word of TLS.
  accepted_.clear();
  Until([&] { return client->closed.has_value(); });
  EXPECT_THAT(client->closed->ToString(),
              HasSubstr("ended without notice; something may be missing"));
  EXPECT_FALSE(client->ended);
}

TEST_F(TlsConnectionTest, ClosedConnectionsSayGoodbye) {
  Listen();
  const auto client = MustOpen();
  Until([&] { return !handshakes_.empty(); });
  accepted_[0]->Close();
  Until([&] { return client->ended; });
  EXPECT_FALSE(client->closed.has_value() && !client->closed->ok());
}

TEST_F(TlsConnectionTest, WhatIsWrittenEarlyWaitsForTheHandshake) {
  Listen();
  listener_ = ValueOrThrow(
      TcpListener::Listen(loop_, "127.0.0.1", 0, 16, [this](SocketPtr socket) {
        Accepted(std::move(socket));
        static_cast<void>(AsStatusOr(accepted_[0]->Write("welcome")));
        EXPECT_EQ(accepted_[0]->pending_bytes(), 7u);
      }));
  const auto client = MustOpen();
  Until([&] { return client->received == "welcome"; });
}

}  // namespace
}  // namespace millrace::tls
