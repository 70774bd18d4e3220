// The server under test: both services behind the runtime's pipeline, on one
// face.
//
//   faces_server             as connectconformance starts it: what is wanted
//                            comes by standard input, where it listens is said
//                            by standard output
//   faces_server --interop   gRPC; prints its port and a line break
//
// Ends with who started it.
#include <sys/prctl.h>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/logger.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/strings.h"
#include "connectrpc/conformance/v1/server_compat.pb.h"
#include "http/connect.h"
#include "http/server.h"
#include "loop/event_loop.h"
#include "rpc/engine.h"
#include "rpc/server.h"
#include "runtime/pipeline.h"
#include "tests/conformance/faces/conformance_service.h"
#include "tests/conformance/faces/interop_service.h"
#include "tls/credentials.h"
#include "tls/testing/certificates.h"

namespace millrace::conformance {
namespace {

v1::ServerCompatRequest ReadWanted() {
  unsigned char size_bytes[4] = {};
  std::cin.read(reinterpret_cast<char*>(size_bytes), sizeof size_bytes);
  uint32_t size = 0;
  for (const unsigned char byte : size_bytes) size = size << 8 | byte;
  std::string bytes(size, '\0');
  std::cin.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  v1::ServerCompatRequest wanted;
  if (!std::cin || !wanted.ParseFromString(bytes)) {
    Throw(absl::InvalidArgumentError(
        "standard input has no ServerCompatRequest; without "
        "connectconformance, use --interop"));
  }
  return wanted;
}

// Null for plain text.
std::shared_ptr<tls::Credentials> CredentialsOf(
    const v1::ServerCompatRequest& wanted) {
  if (!wanted.use_tls()) return nullptr;
  const tls::CertificateFiles files;  // gone when they have been read
  files.Write("server",
              {wanted.server_creds().cert(), wanted.server_creds().key()});
  tls::Options options;
  options.certificate_file = files.Path("server.pem");
  options.key_file = files.Path("server.key");
  if (!wanted.client_tls_cert().empty()) {
    options.ca_file = files.Write("client.pem", wanted.client_tls_cert());
    options.clients = tls::ClientCertificates::kRequired;
  }
  return ValueOrThrow(tls::Credentials::Load(options));
}

void TellPort(int port, const v1::ServerCompatRequest& wanted) {
  v1::ServerCompatResponse where;
  where.set_host("127.0.0.1");
  where.set_port(static_cast<uint32_t>(port));
  if (wanted.use_tls()) where.set_pem_cert(wanted.server_creds().cert());
  const std::string bytes = where.SerializeAsString();
  for (const int shift : {24, 16, 8, 0}) {
    std::cout.put(static_cast<char>(bytes.size() >> shift & 0xff));
  }
  std::cout << bytes << std::flush;
}

class Program {
 public:
  Program()
      : pipeline_(
            {&v1::ConformanceService::Info(), &interop::TestService::Info()},
            Options(), clock_, logger_, metrics_) {
    ThrowIfError(
        pipeline_.Open({&v1::ConformanceService::Info(),
                        static_cast<v1::ConformanceService*>(&conformance_)}));
    ThrowIfError(
        pipeline_.Open({&interop::TestService::Info(),
                        static_cast<interop::TestService*>(&interop_)}));
  }

  int ServeGrpc(size_t max_message_bytes,
                std::shared_ptr<tls::Credentials> tls = nullptr) {
    engine_ = std::make_unique<rpc::Engine>(loop_);
    rpc::ServerOptions options;
    options.max_message_bytes = max_message_bytes;
    options.tls = std::move(tls);
    grpc_ = ValueOrThrow(
        rpc::Server::Start(*engine_, options, pipeline_, logger_, metrics_));
    return grpc_->port();
  }

  int ServeHttp(size_t max_message_bytes,
                std::shared_ptr<tls::Credentials> tls) {
    http::RpcOptions rpc;
    rpc.max_message_bytes = max_message_bytes;
    rpc.compress_from_bytes = 1;
    http::MountRpc(router_, pipeline_, rpc);
    http::ServerOptions options;
    // Of all messages of a stream, and their envelopes.
    options.limits.max_body_bytes = 8 * max_message_bytes;
    options.tls = std::move(tls);
    http_ = ValueOrThrow(
        http::Server::Start(loop_, options, router_, logger_, metrics_));
    return http_->port();
  }

  void Run() { loop_.Run(); }

 private:
  static runtime::PipelineOptions Options() {
    runtime::PipelineOptions options;
    options.default_deadline = absl::InfiniteDuration();
    options.log = runtime::CallLog::kNone;
    // What handlers throw on purpose is compared by the runner.
    options.tell_internal_errors = true;
    return options;
  }

  EventLoop loop_;
  SystemClock clock_;
  NullLogger logger_;
  NullMetrics metrics_;
  ConformanceServer conformance_;
  InteropServer interop_;
  runtime::Pipeline pipeline_;
  http::Router router_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<rpc::Engine> engine_;
  std::unique_ptr<rpc::Server> grpc_;
};

void Main(std::string_view argument) {
  Program program;
  if (argument == "--interop") {
    std::cout << program.ServeGrpc(4 << 20) << std::endl;
  } else {
    const v1::ServerCompatRequest wanted = ReadWanted();
    const size_t limit = wanted.message_receive_limit() > 0
                             ? wanted.message_receive_limit()
                             : size_t{4} << 20;
    auto tls = CredentialsOf(wanted);
    TellPort(wanted.protocol() == v1::PROTOCOL_GRPC
                 ? program.ServeGrpc(limit, std::move(tls))
                 : program.ServeHttp(limit, std::move(tls)),
             wanted);
  }
  program.Run();
}

}  // namespace
}  // namespace millrace::conformance

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    millrace::conformance::Main(argc > 1 ? argv[1] : "");
  } catch (const millrace::StatusError& error) {
    std::cerr << "faces_server: " << error.status() << "\n";
    return 1;
  }
  return 0;
}
