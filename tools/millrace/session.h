// The access token of a command's calls, from the session of `millrace login`.
#ifndef MILLRACE_TOOLS_MILLRACE_SESSION_H_
#define MILLRACE_TOOLS_MILLRACE_SESSION_H_

#include <functional>
#include <memory>
#include <string>

#include "contract/service.h"
#include "loop/promise.h"

namespace millrace::cli {

// A channel to the process that logged in.
using ChannelTo =
    std::function<std::unique_ptr<Channel>(const std::string& target)>;

// The token to show to `target`; empty when nobody has logged in, or not for
// it. `tls`: whether channels encrypt; without, a session that was begun over
// TLS is not told, FAILED_PRECONDITION. One that is about to end is replaced
// first, by a call to the process that logged in, and the file with it. Rejects
// with UNAUTHENTICATED when the session has ended, and with what is wrong with
// the file.
Promise<std::string> AccessToken(std::string target, bool tls, Call call,
                                 ChannelTo channel_to);

}  // namespace millrace::cli

#endif  // MILLRACE_TOOLS_MILLRACE_SESSION_H_
