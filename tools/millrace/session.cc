#include "tools/millrace/session.h"

#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"
#include "contract/time.h"
#include "loop/combinators.h"
#include "tools/millrace/session_file.h"
#include "users/v1/sessions.millrace.h"

namespace millrace::cli {
namespace {

// A token that ends sooner may end on the way.
constexpr absl::Duration kLeast = absl::Seconds(30);

bool IsGood(const LoginSession& session) {
  return TimeFrom(session.tokens.access_expire_time()) > absl::Now() + kLeast;
}

Promise<::users::v1::SessionTokens> Refresh(const LoginSession* session,
                                            Call call, Channel& channel) {
  ::users::v1::RefreshRequest request;
  request.set_refresh_token(session->tokens.refresh_token());
  ::users::v1::SessionsServiceClient sessions(channel);
  co_return co_await sessions.Refresh(call, request);
}

}  // namespace

Promise<std::string> AccessToken(std::string target, bool tls, Call call,
                                 ChannelTo channel_to) {
  const auto path = SessionPath();
  if (!path.ok()) co_return "";  // nobody can have logged in
  auto session = ValueOrThrow(LoadSession(*path));
  if (!session || !session->IsFor(target)) co_return "";
  ThrowIfError(session->MayBeTold(tls));
  if (IsGood(*session)) co_return session->tokens.access_token();
  const auto lock = ValueOrThrow(SessionLock::Take(*path));
  // Another command may have done it meanwhile.
  session = ValueOrThrow(LoadSession(*path));
  if (!session || !session->IsFor(target)) co_return "";
  ThrowIfError(session->MayBeTold(tls));
  if (IsGood(*session)) co_return session->tokens.access_token();
  const std::unique_ptr<Channel> channel = channel_to(session->targets.front());
  auto tokens = co_await AsStatusOr(Refresh(&*session, call, *channel));
  if (absl::IsUnauthenticated(tokens.status())) {
    ThrowIfError(RemoveSession(*path));
    Throw(absl::UnauthenticatedError(
        "the session has ended; log in again: millrace login EMAIL"));
  }
  session->tokens = ValueOrThrow(std::move(tokens));
  ThrowIfError(SaveSession(*path, *session));
  co_return session->tokens.access_token();
}

}  // namespace millrace::cli
