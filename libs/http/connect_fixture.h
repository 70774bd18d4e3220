// A service written by hand, as the contract compiler would, on messages that
// are linked anyway. For tests of the Connect protocol.
#ifndef MILLRACE_HTTP_CONNECT_FIXTURE_H_
#define MILLRACE_HTTP_CONNECT_FIXTURE_H_

#include <atomic>
#include <memory>
#include <string>

#include "contract/dispatcher.h"
#include "google/rpc/error_details.pb.h"
#include "http/connect.h"
#include "http/server_fixture.h"

namespace millrace::http {

using Info = google::rpc::ErrorInfo;

// test.v1.Echo; requests and answers are ErrorInfo.
//   Get      unary, no side effects: the request again. reason "fail" is
//            NOT_FOUND with a BadRequest; "hold" waits for the abort; "say"
//            and "say fail" say something beside, see SayBeside().
//   Put      unary: the same
//   List     server stream, no side effects: reason "1" to domain "n", then
//            INTERNAL if reason is "fail"; endless when domain is "all";
//            of some size when reason is "pad"; "say" and "say fail" as above;
//            "quiet" sends its headers and waits for the abort, "dumb" only
//            waits
//   Gather   client stream: the reasons, joined
//   Chat     bidi: each request again
struct EchoService {
  std::atomic<int> aborted = 0;
  std::atomic<int> held = 0;
  std::atomic<int> sent = 0;  // by List
  TraceContext trace;
  Metadata metadata;  // of the last unary call
  absl::Time deadline;
};

const ServiceInfo& EchoInfo();

// Headers x-tag: one, x-tag: two and x-raw-bin: three bytes; the trailers
// x-rows: 7 and x-rows: 8.
void SayBeside(const ReplyMetadata& reply);

class ConnectFixture : public ServerFixture {
 protected:
  explicit ConnectFixture(RpcOptions options = {})
      : dispatcher_({ServiceBinding{&EchoInfo(), &service_}}) {
    MountRpc(router_, dispatcher_, options);
  }

  EchoService service_;
  DirectDispatcher dispatcher_;
};

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_CONNECT_FIXTURE_H_
