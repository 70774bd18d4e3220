// What our servers of the benchmark serve: an echo, and a service's pipeline
// before it.
#ifndef MILLRACE_TESTS_BENCH_FACES_ECHO_H_
#define MILLRACE_TESTS_BENCH_FACES_ECHO_H_

#include <array>
#include <string>

#include "base/clock.h"
#include "base/logger.h"
#include "rpc/testdata/echo_service.h"
#include "runtime/call_limiter.h"
#include "runtime/pipeline.h"
#include "runtime/prometheus.h"
#include "runtime/span_ring.h"
#include "runtime/token_identity.h"
#include "runtime/token_keys.h"
#include "tokens/jwt.h"

namespace millrace::bench {

class Echo final : public test::EchoService {
 public:
  Promise<test::EchoReply> Say(const Call&,
                               const test::EchoRequest& request) override;
  Stream<test::EchoReply> Count(const Call&, const test::EchoRequest&) override;
  Promise<test::EchoReply> Join(const Call&,
                                Stream<test::EchoRequest>) override;
  Stream<test::EchoReply> Talk(const Call&, Stream<test::EchoRequest>) override;
};

// Traces that are kept, access tokens, limits by address, by caller and of
// calls in flight, a rule, metrics for Prometheus; no access log.
class EchoPipeline {
 public:
  EchoPipeline();

  runtime::Pipeline& pipeline() { return pipeline_; }
  Metrics& metrics() { return metrics_; }
  // For the caller.
  std::string Token() const;

 private:
  // Echo as a contract that asks for a token and has a rule.
  struct Guarded {
    Guarded();

    std::array<MethodInfo, 1> methods;
    ServiceInfo info;
  };

  runtime::PipelineOptions Options();

  Echo echo_;
  const Guarded guarded_;
  NullLogger logger_;
  SystemClock clock_;
  runtime::PrometheusMetrics metrics_;
  const tokens::Key key_;
  runtime::LocalTokenKeys keys_;
  runtime::TokenIdentity identity_;
  runtime::CallLimiter limiter_;
  runtime::SpanRing spans_;
  runtime::Pipeline pipeline_;
};

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_FACES_ECHO_H_
