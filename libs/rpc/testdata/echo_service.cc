#include "rpc/testdata/echo_service.h"

#include "contract/invoke.h"

namespace millrace::test {
namespace {

absl::Status NoRules(const Message&) { return absl::OkStatus(); }

constexpr MethodInfo Method(std::string_view name, std::string_view path,
                            MethodKind kind) {
  return {.name = name,
          .path = path,
          .kind = kind,
          .request = DefaultInstance<EchoRequest>,
          .response = DefaultInstance<EchoReply>,
          .validate = NoRules};
}

constexpr MethodInfo WithUnary(MethodInfo method,
                               decltype(MethodInfo::unary) unary) {
  method.unary = unary;
  return method;
}

constexpr MethodInfo WithStream(MethodInfo method,
                                decltype(MethodInfo::stream) stream) {
  method.stream = stream;
  return method;
}

constexpr MethodInfo kMethods[] = {
    WithUnary(Method("Say", "/millrace.test.Echo/Say", MethodKind::kUnary),
              InvokeUnary<&EchoService::Say>),
    WithStream(
        Method("Count", "/millrace.test.Echo/Count", MethodKind::kServerStream),
        InvokeServerStream<&EchoService::Count>),
    WithStream(
        Method("Join", "/millrace.test.Echo/Join", MethodKind::kClientStream),
        InvokeClientStream<&EchoService::Join>),
    WithStream(Method("Talk", "/millrace.test.Echo/Talk", MethodKind::kBidi),
               InvokeBidi<&EchoService::Talk>),
};

constexpr ServiceInfo kInfo = {"millrace.test.Echo", kMethods,
                               FileOf<EchoRequest>};

}  // namespace

const ServiceInfo& EchoService::Info() { return kInfo; }

ServiceBinding BindEcho(EchoService& service) { return {&kInfo, &service}; }

const MethodInfo& SayMethod() { return kMethods[0]; }
const MethodInfo& CountMethod() { return kMethods[1]; }
const MethodInfo& JoinMethod() { return kMethods[2]; }
const MethodInfo& TalkMethod() { return kMethods[3]; }

}  // namespace millrace::test
