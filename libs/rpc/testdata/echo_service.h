// The Echo service of the tests as a contract, in the form that generated code
// has. Loop thread only.
#ifndef MILLRACE_RPC_TESTDATA_ECHO_SERVICE_H_
#define MILLRACE_RPC_TESTDATA_ECHO_SERVICE_H_

#include "contract/service.h"
#include "millrace/test/echo.pb.h"

namespace millrace::test {

class EchoService {
 public:
  virtual ~EchoService() = default;
  virtual Promise<EchoReply> Say(const Call& call,
                                 const EchoRequest& request) = 0;
  virtual Stream<EchoReply> Count(const Call& call,
                                  const EchoRequest& request) = 0;
  virtual Promise<EchoReply> Join(const Call& call,
                                  Stream<EchoRequest> requests) = 0;
  virtual Stream<EchoReply> Talk(const Call& call,
                                 Stream<EchoRequest> requests) = 0;

  static const ServiceInfo& Info();
};

ServiceBinding BindEcho(EchoService& service);

const MethodInfo& SayMethod();
const MethodInfo& CountMethod();
const MethodInfo& JoinMethod();
const MethodInfo& TalkMethod();

}  // namespace millrace::test

#endif  // MILLRACE_RPC_TESTDATA_ECHO_SERVICE_H_
