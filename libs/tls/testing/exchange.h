// A request and all that is answered, over TLS. For tests.
#ifndef MILLRACE_TLS_TESTING_EXCHANGE_H_
#define MILLRACE_TLS_TESTING_EXCHANGE_H_

#include <memory>
#include <string>

#include "loop/event_loop.h"
#include "loop/promise.h"
#include "tls/connection.h"
#include "tls/credentials.h"

namespace millrace::tls {

// A connection to a port of this machine, whose certificate must be for
// "localhost".
Promise<std::shared_ptr<Connection>> Dial(EventLoop& loop,
                                          std::shared_ptr<Credentials> as,
                                          int port);

// Says `text` and takes what comes until the server ends. Rejects when the
// connection breaks.
Promise<std::string> Exchange(EventLoop& loop, std::shared_ptr<Credentials> as,
                              int port, std::string text);

}  // namespace millrace::tls

#endif  // MILLRACE_TLS_TESTING_EXCHANGE_H_
