#include "http/connect_fixture.h"

#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "contract/errors.h"

namespace millrace::http {
namespace {

const Message& Prototype() { return Info::default_instance(); }

MessagePtr Copy(const Message& message) {
  MessagePtr copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

MessagePtr WithReason(std::string reason, size_t padding = 0) {
  auto info = std::make_unique<Info>();
  info->set_reason(std::move(reason));
  info->set_domain(std::string(padding, 'x'));
  return info;
}

absl::Status Validate(const Message& message) {
  const auto& info = static_cast<const Info&>(message);
  if (info.reason().size() <= 10) return absl::OkStatus();
  return InvalidArgument({{"reason", "must have at most 10 characters"}});
}

Promise<void> UntilAborted(AbortSignal signal) {
  Deferred<void> over;
  const auto subscription = signal.OnAbort([over] { over.Resolve(); });
  co_await over.promise();
}

Promise<MessagePtr> Unary(void* self, const Call& call,
                          const Message& message) {
  auto* service = static_cast<EchoService*>(self);
  const auto& info = static_cast<const Info&>(message);
  service->trace = call.context.trace;
  service->deadline = call.context.deadline;
  service->metadata = call.metadata;
  if (info.reason() == "hold") {
    ++service->held;
    co_await UntilAborted(call.signal);
    ++service->aborted;
    Throw(call.signal.reason());
  }
  if (info.reason().starts_with("say")) SayBeside(call.reply);
  if (info.reason().ends_with("fail")) {
    google::rpc::BadRequest detail;
    detail.add_field_violations()->set_field("reason");
    Throw(WithDetail(absl::NotFoundError("no such \"thing\""), detail));
  }
  co_return Copy(message);
}

Promise<void> Emit(EchoService* service, Call call, Stream<MessagePtr> requests,
                   StreamWriter<MessagePtr> out) {
  try {
    std::optional<MessagePtr> request = co_await requests.Next();
    ThrowIfError(Validate(**request));
    const auto& info = static_cast<const Info&>(**request);
    if (info.reason().starts_with("say")) SayBeside(call.reply);
    if (info.reason() == "quiet") {
      SayBeside(call.reply);
      call.reply.SendHeaders();
    }
    if (info.reason() == "quiet" || info.reason() == "dumb") {
      ++service->held;
      co_await UntilAborted(call.signal);
    }
    const int count = std::atoi(info.domain().c_str());
    const size_t padding = info.reason() == "pad" ? 4000 : 0;
    for (int i = 1; info.domain() == "all" || i <= count; ++i) {
      co_await out.Write(WithReason(std::to_string(i), padding));
      ++service->sent;
    }
    if (info.reason().ends_with("fail")) {
      Throw(absl::InternalError("list broke"));
    }
    out.Close();
  } catch (const StatusError& error) {
    if (out.cancelled().aborted()) ++service->aborted;
    out.Fail(error.status());
  }
}

Stream<MessagePtr> List(void* self, const Call& call,
                        Stream<MessagePtr> requests) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>(4);
  Emit(static_cast<EchoService*>(self), call, std::move(requests), pipe.writer)
      .Detach();
  return std::move(pipe.stream);
}

Promise<void> Join(Stream<MessagePtr> requests, StreamWriter<MessagePtr> out) {
  try {
    std::string all;
    while (std::optional<MessagePtr> request = co_await requests.Next()) {
      all += static_cast<const Info&>(**request).reason();
    }
    co_await out.Write(WithReason(all));
    out.Close();
  } catch (...) {
    out.Fail(StatusFrom(std::current_exception()));
  }
}

Stream<MessagePtr> Gather(void*, const Call&, Stream<MessagePtr> requests) {
  Pipe<MessagePtr> pipe = MakePipe<MessagePtr>();
  Join(std::move(requests), pipe.writer).Detach();
  return std::move(pipe.stream);
}

Stream<MessagePtr> Chat(void*, const Call&, Stream<MessagePtr> requests) {
  return requests;
}

MethodInfo Method(std::string_view name, std::string_view path, MethodKind kind,
                  bool no_side_effects) {
  MethodInfo method;
  method.name = name;
  method.path = path;
  method.kind = kind;
  method.no_side_effects = no_side_effects;
  method.request = Prototype;
  method.response = Prototype;
  method.validate = Validate;
  return method;
}

}  // namespace

void SayBeside(const ReplyMetadata& reply) {
  ThrowIfError(reply.AddHeader("x-tag", "one"));
  ThrowIfError(reply.AddHeader("x-tag", "two"));
  ThrowIfError(reply.AddHeader("x-raw-bin", "\xff\xfe\xfd"));
  ThrowIfError(reply.AddTrailer("x-rows", "7"));
  ThrowIfError(reply.AddTrailer("x-rows", "8"));
}

const ServiceInfo& EchoInfo() {
  static const MethodInfo methods[] = {
      [] {
        auto method =
            Method("Get", "/test.v1.Echo/Get", MethodKind::kUnary, true);
        method.unary = Unary;
        return method;
      }(),
      [] {
        auto method =
            Method("Put", "/test.v1.Echo/Put", MethodKind::kUnary, false);
        method.unary = Unary;
        return method;
      }(),
      [] {
        auto method = Method("List", "/test.v1.Echo/List",
                             MethodKind::kServerStream, true);
        method.stream = List;
        return method;
      }(),
      [] {
        auto method = Method("Gather", "/test.v1.Echo/Gather",
                             MethodKind::kClientStream, false);
        method.stream = Gather;
        return method;
      }(),
      [] {
        auto method =
            Method("Chat", "/test.v1.Echo/Chat", MethodKind::kBidi, false);
        method.stream = Chat;
        return method;
      }()};
  static const ServiceInfo info = {"test.v1.Echo", methods, nullptr};
  return info;
}

}  // namespace millrace::http
