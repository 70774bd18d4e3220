// The service that connectrpc.com/conformance calls: answers as each request
// says, and tells what it saw. Loop thread only.
#ifndef MILLRACE_TESTS_CONFORMANCE_FACES_CONFORMANCE_SERVICE_H_
#define MILLRACE_TESTS_CONFORMANCE_FACES_CONFORMANCE_SERVICE_H_

#include "connectrpc/conformance/v1/service.millrace.h"

namespace millrace::conformance {

namespace v1 = ::connectrpc::conformance::v1;

class ConformanceServer final : public v1::ConformanceService {
 public:
  Promise<v1::UnaryResponse> Unary(const Call& call,
                                   const v1::UnaryRequest& request) override;
  Stream<v1::ServerStreamResponse> ServerStream(
      const Call& call, const v1::ServerStreamRequest& request) override;
  Promise<v1::ClientStreamResponse> ClientStream(
      const Call& call, Stream<v1::ClientStreamRequest> requests) override;
  Stream<v1::BidiStreamResponse> BidiStream(
      const Call& call, Stream<v1::BidiStreamRequest> requests) override;
  Promise<v1::UnimplementedResponse> Unimplemented(
      const Call& call, const v1::UnimplementedRequest& request) override;
  Promise<v1::IdempotentUnaryResponse> IdempotentUnary(
      const Call& call, const v1::IdempotentUnaryRequest& request) override;
};

}  // namespace millrace::conformance

#endif  // MILLRACE_TESTS_CONFORMANCE_FACES_CONFORMANCE_SERVICE_H_
