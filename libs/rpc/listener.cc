#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "rpc/engine_internal.h"
#include "rpc/listener_internal.h"
#include "rpc/wire_internal.h"

namespace millrace::rpc {
namespace {

// Credentials that also register the queues of engines with the server they
// are given to: grpc++ lets a server use only queues of its own builder, while
// an engine's queue serves several servers.
class EngineCredentials final : public grpc::ServerCredentials {
 public:
  // In plain text when `certificates` is null.
  EngineCredentials(const std::vector<Engine*>& engines,
                    ServerCertificates* certificates)
      : engines_(engines),
        credentials_(certificates == nullptr
                         ? grpc_insecure_server_credentials_create()
                         : certificates->NewCredentials()) {}
  ~EngineCredentials() override {
    grpc_server_credentials_release(credentials_);
  }

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  // Called between the making of the server and its start, which is when a
  // queue can be registered.
  int AddPortToServer(const std::string& address,
                      grpc_server* server) override {
    for (const Engine* engine : engines_) {
      grpc_server_register_completion_queue(
          server, engine->impl().queue()->cq(), nullptr);
    }
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  const std::vector<Engine*> engines_;
  grpc_server_credentials* const credentials_;
};

// gRPC keeps the plugin for good, and takes a second one for another service.
void ServeChannelz() {
  static std::once_flag once;
  std::call_once(once, grpc::channelz::experimental::InitChannelzService);
}

std::unique_ptr<grpc::Server> Build(const std::vector<Engine*>& engines,
                                    ListenerCore* core, int* port) {
  // A builder has the plugins that were there when it was made.
  if (core->options.channelz) ServeChannelz();
  grpc::ServerBuilder builder;
  core->spare_queue = builder.AddCompletionQueue();
  builder.RegisterAsyncGenericService(&core->service);
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(core->options.max_message_bytes));
  // So that a port in use is an error.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  const ServerOptions& options = core->options;
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             ToMilliseconds(options.handshake_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             ToMilliseconds(options.keepalive_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             ToMilliseconds(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      ToMilliseconds(options.least_ping_interval));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             options.max_concurrent_streams);
  if (options.max_memory_bytes > 0) {
    builder.SetResourceQuota(
        grpc::ResourceQuota("gRPC server").Resize(options.max_memory_bytes));
  }
  // What it counts of every call is for channelz alone.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, options.channelz);
  if (core->options.tls != nullptr) {
    core->certificates =
        std::make_unique<ServerCertificates>(core->options.tls);
  }
  builder.AddListeningPort(
      core->options.address,
      std::make_shared<EngineCredentials>(engines, core->certificates.get()),
      port);
  return builder.BuildAndStart();
}

bool IsUnix(std::string_view address) { return address.starts_with("unix:"); }

absl::Status Refused(std::string_view address, std::string_view setting,
                     std::string_view reason) {
  return absl::UnavailableError(StrCat("address ", address, " ", reason,
                                       "; choose another with ", setting));
}

std::string Reason(int error) {
  switch (error) {
    case EADDRINUSE:
      return "is in use";
    case EADDRNOTAVAIL:
      return "is not an address of this machine";
    case EACCES:
      return "may not be listened on by this user";
    default:
      return StrCat("cannot be listened on: ", std::strerror(error));
  }
}

// The error of binding and listening, 0 when both work.
int TryListen(int family, const sockaddr* address, socklen_t length) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool listening = bind(fd, address, length) == 0 && listen(fd, 1) == 0;
  const int error = listening ? 0 : errno;
  close(fd);
  return error;
}

absl::Status ProbeUnix(const std::string& address, const std::string& path,
                       const std::string& setting) {
  sockaddr_un name{.sun_family = AF_UNIX};
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    return Refused(address, setting,
                   StrCat("has a path of ", path.size(), " bytes where 1 to ",
                          sizeof name.sun_path - 1, " are possible"));
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Refused(address, setting, Reason(errno));
  // gRPC replaces a socket file of a process that is gone; one that answers
  // belongs to a process that is not.
  const bool answers =
      connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
  close(fd);
  return answers ? Refused(address, setting, Reason(EADDRINUSE))
                 : absl::OkStatus();
}

}  // namespace

std::optional<HostAndPort> SplitAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  return HostAndPort{std::move(host), address.substr(colon + 1)};
}

absl::Status ProbeAddress(const std::string& address,
                          const std::string& setting) {
  if (IsUnix(address)) {
    return ProbeUnix(address, address.substr(address.find(':') + 1), setting);
  }
  const std::optional<HostAndPort> at = SplitAddress(address);
  if (!at.has_value()) {
    return Refused(address, setting, "has no port (host:port)");
  }
  const addrinfo hints{.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                       .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (int error =
          getaddrinfo(at->host.c_str(), at->port.c_str(), &hints, &found);
      error != 0) {
    return Refused(address, setting,
                   StrCat("is not an address: ", gai_strerror(error)));
  }
  int error = 0;
  for (addrinfo* each = found; each != nullptr; each = each->ai_next) {
    error = TryListen(each->ai_family, each->ai_addr, each->ai_addrlen);
    if (error != 0) break;
  }
  freeaddrinfo(found);
  return error == 0 ? absl::OkStatus()
                    : Refused(address, setting, Reason(error));
}

absl::Status ServerOptions::Validate() const {
  if (address.empty()) {
    return absl::InvalidArgumentError(
        StrCat(address_setting, ": the address is empty; give host:port"));
  }
  if (transport == Transport::kHttp2 && (IsUnix(address) || channelz)) {
    return absl::InvalidArgumentError(
        StrCat(address_setting, ": ", address, channelz ? ", channelz" : "",
               ": unix sockets and channelz need the transport of grpc++"));
  }
  if (max_message_bytes == 0 ||
      max_message_bytes >
          static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError(
        StrCat("max_message_bytes: ", max_message_bytes,
               " is not between 1 and ", std::numeric_limits<int>::max()));
  }
  if (max_memory_bytes > 0 && max_memory_bytes < max_message_bytes) {
    return absl::InvalidArgumentError(StrCat(
        "max_memory_bytes: ", max_memory_bytes,
        " is less than one message, max_message_bytes: ", max_message_bytes));
  }
  if (max_concurrent_streams < 1) {
    return absl::InvalidArgumentError(
        StrCat("max_concurrent_streams: ", max_concurrent_streams,
               " is not at least 1"));
  }
  if (max_connections < 1) {
    return absl::InvalidArgumentError("max_connections: 0 is not at least 1");
  }
  if (request_timeout <= absl::ZeroDuration() ||
      send_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "request_timeout, send_timeout: give each above zero");
  }
  if (posted_requests < 1) {
    return absl::InvalidArgumentError(
        StrCat("posted_requests: ", posted_requests, " is not at least 1"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Listener>> Listener::Open(
    const std::vector<Engine*>& engines, ServerOptions options,
    Logger& logger) {
  if (absl::Status valid = options.Validate(); !valid.ok()) return valid;
  if (absl::Status free =
          ProbeAddress(options.address, options.address_setting);
      !free.ok()) {
    return free;
  }
  auto core = std::make_unique<ListenerCore>();
  core->options = std::move(options);
  if (core->options.transport == Transport::kHttp2) {
    core->shared = engines.size() > 1;
    return std::shared_ptr<Listener>(new Listener(std::move(core)));
  }
  int port = 0;
  core->server = Build(engines, core.get(), &port);
  const std::string& address = core->options.address;
  if (core->server == nullptr) {
    return absl::UnavailableError(
        StrCat("address ", address, " cannot be listened on; choose another ",
               "with ", core->options.address_setting));
  }
  core->port = IsUnix(address) ? 0 : port;
  logger.Info("gRPC server is listening",
              {{"address", address}, {"port", core->port.load()}});
  return std::shared_ptr<Listener>(new Listener(std::move(core)));
}

Listener::Listener(std::unique_ptr<ListenerCore> core)
    : core_(std::move(core)) {}

Listener::~Listener() = default;

int Listener::port() const { return core_->port; }

}  // namespace millrace::rpc
