// A host of the sample's modules: SQLite in a directory of its own, the
// embedded bus, both faces on free ports.
#ifndef MILLRACE_RUNTIME_TESTDATA_SAMPLE_HOST_H_
#define MILLRACE_RUNTIME_TESTDATA_SAMPLE_HOST_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "loop/worker_pool.h"
#include "runtime/host.h"
#include "runtime/test_support.h"
#include "runtime/testdata/sample_modules.h"
#include "sample/v1/sample.millrace.h"

namespace millrace::runtime {

// Greets over a channel.
inline Promise<sample::v1::Greeting> GreetOver(Channel& channel,
                                               std::string name) {
  sample::v1::GreeterService::Client client(channel);
  sample::v1::GreetRequest request;
  request.set_name(std::move(name));
  const Call call;
  co_return co_await client.Greet(call, request);
}

class SampleHostTest : public testing::Test {
 protected:
  SampleHostTest() {
    config_.add_services("greeter");
    config_.add_services("choir");
    config_.set_data_dir(dir_ / "data");
    config_.mutable_http()->set_port(0);
    config_.mutable_grpc()->set_port(0);
  }

  absl::Status Create(bus::Transport* transport = nullptr) {
    auto host = Host::Create(
        loop_, metrics_,
        {.config = config_,
         .modules = {NewChoir(&journal_), NewGreeter(&journal_)},
         .logger = [this](const std::string&) -> Logger& { return logger_; },
         .transport = transport});
    if (!host.ok()) return host.status();
    host_ = *std::move(host);
    return absl::OkStatus();
  }
  void Start() {
    const absl::Status created = Create();
    ASSERT_TRUE(created.ok()) << created;
    const absl::Status started = Settle(loop_, host_->Start());
    ASSERT_TRUE(started.ok()) << started;
  }
  absl::Status Drain() { return *Settle(loop_, host_->Drain()); }

  // Runs the loop until `condition` holds.
  void Until(const std::function<bool()>& condition) {
    Timer timer = loop_.SetInterval(absl::Milliseconds(1), [&] {
      if (condition()) loop_.Stop();
    });
    loop_.Run();
    timer.Clear();
    ASSERT_TRUE(condition());
  }

  // The answer, head and body. `headers` are whole lines.
  std::string Http(const std::string& method, const std::string& path,
                   const std::string& body = "",
                   const std::string& headers = "") {
    const int port = PortOf(host_->http_address());
    auto answer = Settle(loop_, loop_.workers().Run([=] {
      return HttpExchange(port, method, path, body, "*/*", headers);
    }));
    return answer.ok() ? *answer : "";
  }

  ScratchDir dir_;
  EventLoop loop_;
  PrometheusMetrics metrics_;
  MemoryLogger logger_;
  Config config_;
  SampleJournal journal_;
  std::unique_ptr<Host> host_;
};

}  // namespace millrace::runtime

#endif  // MILLRACE_RUNTIME_TESTDATA_SAMPLE_HOST_H_
