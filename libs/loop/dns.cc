#include "loop/dns.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/strings.h"
#include "loop/combinators.h"
#include "loop/loop_impl.h"

namespace millrace {
namespace {

using Addresses = std::vector<SocketAddress>;

addrinfo Hints() {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  return hints;
}

absl::Status CannotResolve(std::string_view host, std::string_view why) {
  return absl::UnavailableError(
      StrCat("cannot resolve the host '", host, "': ", why));
}

absl::Status NoService(std::string_view host, std::string_view service) {
  return absl::InvalidArgumentError(
      StrCat("'", service, "', of the host '", host, "', is no port"));
}

// A port may be left out; OUT_OF_RANGE numbers are nothing for the resolver,
// which would cut them.
absl::Status CheckService(std::string_view host, const std::string& service) {
  int64_t port;
  if (!absl::SimpleAtoi(service, &port)) return absl::OkStatus();
  return port >= 0 && port <= 65535 ? absl::OkStatus()
                                    : NoService(host, service);
}

// What needs no resolver.
std::optional<SocketAddress> Literal(const std::string& host,
                                     const std::string& service) {
  int port = 0;
  if (!service.empty() && !absl::SimpleAtoi(service, &port)) return {};
  sockaddr_in ip4;
  if (uv_ip4_addr(host.c_str(), port, &ip4) == 0) {
    return SocketAddress(reinterpret_cast<const sockaddr*>(&ip4));
  }
  sockaddr_in6 ip6;
  if (uv_ip6_addr(host.c_str(), port, &ip6) == 0) {
    return SocketAddress(reinterpret_cast<const sockaddr*>(&ip6));
  }
  return {};
}

absl::StatusOr<Addresses> AddressesOf(const addrinfo* found,
                                      std::string_view host) {
  Addresses addresses;
  for (; found != nullptr; found = found->ai_next) {
    const int family = found->ai_family;
    if (family == AF_INET || family == AF_INET6) {
      addresses.emplace_back(found->ai_addr);
    }
  }
  if (addresses.empty()) return CannotResolve(host, "it has no address");
  return addresses;
}

// A question that is under way; deletes itself with the answer.
class Question {
 public:
  Question(EventLoop& loop, std::string host, std::string service)
      : loop_(loop.impl()),
        host_(std::move(host)),
        service_(std::move(service)) {
    uv_.data = this;
    loop_.HandleOpened();
  }
  ~Question() {
    timer_.Clear();
    loop_.HandleClosed();
  }

  Promise<Addresses> promise() const { return result_.promise(); }

  void Ask(const ResolveOptions& options) {
    const addrinfo hints = Hints();
    const int error =
        uv_getaddrinfo(loop_.uv(), &uv_, &Question::Answered, host_.c_str(),
                       service_.empty() ? nullptr : service_.c_str(), &hints);
    if (error != 0) {
      result_.Reject(CannotResolve(host_, uv_strerror(error)));
      delete this;
      return;
    }
    signal_ = options.signal;
    abort_ = signal_.OnAbortReason(
        [this](const absl::Status& reason) { GiveUp(reason); });
    if (options.timeout == absl::InfiniteDuration()) return;
    timer_ = loop_internal::LongTimeout(options.timeout, [this] {
      GiveUp(absl::DeadlineExceededError(
          StrCat("cannot resolve the host '", host_, "' in time")));
    });
  }

 private:
  void GiveUp(const absl::Status& reason) {
    timer_.Clear();
    result_.Reject(reason);
    // The answer still comes, at once when nobody has begun to look for it.
    uv_cancel(reinterpret_cast<uv_req_t*>(&uv_));
  }

  static void Answered(uv_getaddrinfo_t* uv, int error, addrinfo* found) {
    const std::unique_ptr<Question> self(static_cast<Question*>(uv->data));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(
        found, &uv_freeaddrinfo);
    if (self->loop_.closing()) return;
    self->loop_.Dispatch([&] { self->Settle(error, found); });
  }

  void Settle(int error, const addrinfo* found) {
    if (error == UV_EAI_SERVICE) {
      return result_.Reject(NoService(host_, service_));
    }
    if (error != 0) {
      return result_.Reject(CannotResolve(host_, uv_strerror(error)));
    }
    auto addresses = AddressesOf(found, host_);
    if (!addresses.ok()) return result_.Reject(addresses.status());
    result_.Resolve(*std::move(addresses));
  }

  loop_internal::LoopImpl& loop_;
  const std::string host_;
  const std::string service_;
  Deferred<Addresses> result_;
  AbortSignal signal_;
  AbortSubscription abort_;
  Timer timer_;
  uv_getaddrinfo_t uv_;
};

}  // namespace

SocketAddress::SocketAddress(const sockaddr* address) {
  const size_t size = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                     : sizeof(sockaddr_in);
  std::memcpy(&storage_, address, size);
}

std::string SocketAddress::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_ipv6()) {
    uv_ip6_name(reinterpret_cast<const sockaddr_in6*>(&storage_), text,
                sizeof(text));
  } else {
    uv_ip4_name(reinterpret_cast<const sockaddr_in*>(&storage_), text,
                sizeof(text));
  }
  return text;
}

int SocketAddress::port() const {
  return ntohs(is_ipv6()
                   ? reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
}

std::string SocketAddress::ToString() const {
  return is_ipv6() ? StrCat("[", ip(), "]:", port())
                   : StrCat(ip(), ":", port());
}

Promise<Addresses> Resolve(EventLoop& loop, std::string host,
                           std::string service, ResolveOptions options) {
  loop.AssertThread();
  using Result = Promise<Addresses>;
  if (options.signal.aborted()) return Result::Reject(options.signal.reason());
  if (absl::Status status = CheckService(host, service); !status.ok()) {
    return Result::Reject(std::move(status));
  }
  if (const auto literal = Literal(host, service)) {
    return Result::Resolve(Addresses{*literal});
  }
  auto* question = new Question(loop, std::move(host), std::move(service));
  Result result = question->promise();
  question->Ask(options);
  return result;
}

absl::StatusOr<Addresses> ResolveBlocking(const std::string& host,
                                          const std::string& service) {
  if (absl::Status status = CheckService(host, service); !status.ok()) {
    return status;
  }
  if (const auto literal = Literal(host, service)) return Addresses{*literal};
  const addrinfo hints = Hints();
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(host.c_str(), service.empty() ? nullptr : service.c_str(),
                  &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found,
                                                             &freeaddrinfo);
  if (error == EAI_SERVICE) return NoService(host, service);
  if (error != 0) return CannotResolve(host, gai_strerror(error));
  return AddressesOf(found, host);
}

}  // namespace millrace
