// Connections on the loopback: made, used by both sides, and closed.

#include "base/status.h"
#include "base/strings.h"
#include "loop/tcp.h"
#include "tests/soak/soak.h"

namespace millrace::soak {
namespace {

using ConnectionPtr = std::shared_ptr<TcpConnection>;

class Sockets final : public Operations {
 public:
  explicit Sockets(Soak& soak)
      : soak_(soak),
        listener_(ValueOrThrow(TcpListener::Listen(
            soak.loop(), "127.0.0.1", 0, 64,
            [this](ConnectionPtr connection) { Echo(*connection); }))) {}

  std::string_view name() const override { return "sockets"; }

  void Step() override {
    Client& client = clients_[soak_.Below(kClients)];
    if (client.connection == nullptr) {
      if (!client.connecting) soak_.Watch(Connect(client));
    } else if (!client.leaving && soak_.OneIn(16)) {
      Leave(client);
    } else if (!client.leaving) {
      Send(client);
    }
  }

  void Finish() override {
    finishing_ = true;
    for (Client& client : clients_) {
      if (client.connection != nullptr && !client.leaving) Leave(client);
    }
    CloseWhenLeft();
  }

 private:
  static constexpr uint32_t kClients = 8;
  static constexpr size_t kMessage = 64;

  struct Client {
    ConnectionPtr connection;
    bool connecting = false;
    bool leaving = false;
    std::string expected;  // the answers that are still to come
  };

  void Echo(TcpConnection& connection) {
    connection.OnData(
        [&connection, token = soak_.token()](std::string_view bytes) {
          static_cast<void>(connection.Write(std::string(bytes)));
        });
  }

  Promise<void> Connect(Client& client) {
    client.connecting = true;
    const absl::StatusOr<ConnectionPtr> connected = co_await AsStatusOr(
        TcpConnection::Connect(soak_.loop(), "127.0.0.1", listener_->port()));
    client.connecting = false;
    if (!connected.ok()) {
      soak_.Problem(connected.status().ToString());
      CloseWhenLeft();
      co_return;
    }
    const ConnectionPtr& connection = *connected;
    client.connection = connection;
    client.leaving = false;
    connection->OnData(
        [this, &client](std::string_view bytes) { Got(client, bytes); });
    soak_.Begin();
    connection->OnClose([this, &client](const absl::Status& status) {
      soak_.End();
      if (!status.ok()) soak_.Problem(status.ToString());
      if (!client.expected.empty()) soak_.Problem("an answer did not come");
      client.connection = nullptr;
      CloseWhenLeft();
    });
    if (finishing_) Leave(client);
  }

  void Send(Client& client) {
    const char letter = static_cast<char>('a' + soak_.Below(26));
    soak_.Begin();
    client.expected.append(kMessage, letter);
    soak_.Watch(client.connection->Write(std::string(kMessage, letter)));
  }

  void Got(Client& client, std::string_view bytes) {
    if (!client.expected.starts_with(bytes)) {
      soak_.Problem("an answer is not what was sent");
      return client.connection->Close();
    }
    const size_t before = client.expected.size();
    client.expected.erase(0, bytes.size());
    const auto messages = [](size_t size) {
      return (size + kMessage - 1) / kMessage;
    };
    for (size_t n = messages(client.expected.size()); n < messages(before);
         ++n) {
      soak_.End();
    }
    if (client.leaving && client.expected.empty()) client.connection->End();
  }

  // When what was sent has come back.
  void Leave(Client& client) {
    client.leaving = true;
    if (client.expected.empty()) client.connection->End();
  }

  void CloseWhenLeft() {
    if (!finishing_) return;
    for (const Client& client : clients_) {
      if (client.connecting || client.connection != nullptr) return;
    }
    listener_->Close();
  }

  Soak& soak_;
  const std::unique_ptr<TcpListener> listener_;
  Client clients_[kClients];
  bool finishing_ = false;
};

}  // namespace

std::vector<Weighted> SocketOperations(Soak& soak) {
  std::vector<Weighted> all;
  all.push_back({2, std::make_unique<Sockets>(soak)});
  return all;
}

}  // namespace millrace::soak
