#include "tools/millrace/call.h"

#include <google/protobuf/descriptor.h>

#include <iostream>
#include <iterator>
#include <memory>

#include "base/status.h"
#include "base/strings.h"
#include "contract/json.h"
#include "tools/millrace/catalogue.h"

namespace millrace::cli {
namespace {

Promise<void> Invoke(const MethodInfo* method, const std::string* json,
                     Channel& channel, const Call& call) {
  MessagePtr request(method->request().New());
  ThrowIfError(FromJson(*json, request.get()));
  if (method->kind == MethodKind::kUnary) {
    const MessagePtr reply = co_await channel.Unary(*method, call, *request);
    std::cout << ValueOrThrow(ToJson(*reply)) << std::endl;
    co_return;
  }
  // A stream has no end of its own: it ends with the server or an interrupt.
  Call open = call;
  open.context.deadline = absl::InfiniteFuture();
  std::vector<MessagePtr> requests;
  requests.push_back(std::move(request));
  Stream<MessagePtr> replies = channel.Streaming(
      *method, open, Stream<MessagePtr>::Of(std::move(requests)));
  while (auto reply = co_await replies.Next()) {
    std::cout << ValueOrThrow(ToJson(**reply)) << std::endl;
  }
}

bool GivesMany(const MethodInfo& method) {
  return method.kind == MethodKind::kServerStream ||
         method.kind == MethodKind::kBidi;
}

}  // namespace

int CallMethod(const ClientOptions& options, const std::string& method,
               const std::string& json) {
  const absl::StatusOr<const MethodInfo*> found = FindMethod(method);
  if (!found.ok()) {
    std::cerr << "millrace call: " << MessageOf(found.status()) << "\n";
    return 1;
  }
  std::string text = json;
  if (json == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  const MethodInfo* const info = *found;
  const int code =
      RunClient(options, [info, &text](Channel& channel, const Call& call) {
        return Invoke(info, &text, channel, call);
      });
  return code == kInterrupted && GivesMany(*info) ? 0 : code;
}

int ListMethods() {
  for (const ServiceInfo* service : KnownServices()) {
    for (const MethodInfo& method : service->methods) {
      const bool takes_many = method.kind == MethodKind::kClientStream ||
                              method.kind == MethodKind::kBidi;
      std::cout << method.path.substr(1) << " ("
                << (takes_many ? "stream " : "")
                << method.request().GetDescriptor()->full_name() << ") -> "
                << (GivesMany(method) ? "stream " : "")
                << method.response().GetDescriptor()->full_name() << "\n";
    }
  }
  return 0;
}

}  // namespace millrace::cli
