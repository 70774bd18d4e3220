// Who opens the streams, and who calls meanwhile. One thread; a failure ends
// the process with a sentence on stderr.
#ifndef MILLRACE_TESTS_BENCH_STREAMS_CLIENTS_H_
#define MILLRACE_TESTS_BENCH_STREAMS_CLIENTS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace millrace::bench {

// Open gRPC streams, over some connections.
class GrpcStreams {
 public:
  GrpcStreams(const std::string& target, size_t connections);
  ~GrpcStreams();
  GrpcStreams(const GrpcStreams&) = delete;
  GrpcStreams& operator=(const GrpcStreams&) = delete;

  // Opens `count` more and waits until each has had its first message.
  void Open(size_t count);
  // Makes calls, one after the other, and takes what the streams bring
  // meanwhile. The seconds that each took.
  std::vector<double> Call(size_t count);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

// Clients of Server-Sent Events, a connection each.
class EventClients {
 public:
  explicit EventClients(int port) : port_(port) {}
  ~EventClients();
  EventClients(const EventClients&) = delete;
  EventClients& operator=(const EventClients&) = delete;

  // The same.
  void Open(size_t count);
  std::vector<double> Call(size_t count);

 private:
  int Connect() const;

  const int port_;
  std::vector<int> sockets_;
};

}  // namespace millrace::bench

#endif  // MILLRACE_TESTS_BENCH_STREAMS_CLIENTS_H_
