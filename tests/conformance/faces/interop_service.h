// The service that gRPC's interoperability client calls. Loop thread only.
#ifndef MILLRACE_TESTS_CONFORMANCE_FACES_INTEROP_SERVICE_H_
#define MILLRACE_TESTS_CONFORMANCE_FACES_INTEROP_SERVICE_H_

#include "grpc/testing/test.millrace.h"

namespace millrace::conformance {

namespace interop = ::grpc::testing;

class InteropServer final : public interop::TestService {
 public:
  Promise<interop::Empty> EmptyCall(const Call& call,
                                    const interop::Empty& request) override;
  Promise<interop::SimpleResponse> UnaryCall(
      const Call& call, const interop::SimpleRequest& request) override;
  Stream<interop::StreamingOutputCallResponse> StreamingOutputCall(
      const Call& call,
      const interop::StreamingOutputCallRequest& request) override;
  Promise<interop::StreamingInputCallResponse> StreamingInputCall(
      const Call& call,
      Stream<interop::StreamingInputCallRequest> requests) override;
  Stream<interop::StreamingOutputCallResponse> FullDuplexCall(
      const Call& call,
      Stream<interop::StreamingOutputCallRequest> requests) override;
};

}  // namespace millrace::conformance

#endif  // MILLRACE_TESTS_CONFORMANCE_FACES_INTEROP_SERVICE_H_
