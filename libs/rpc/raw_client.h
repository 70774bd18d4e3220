// A client that sends HTTP/2 as a test has it, right or wrong. For a thread of
// its own: it blocks, for ten seconds at most.
#ifndef MILLRACE_RPC_RAW_CLIENT_H_
#define MILLRACE_RPC_RAW_CLIENT_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rpc/testdata/frames.h"  // IWYU pragma: export

namespace millrace::rpc {

class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // With what a client must begin with.
  static std::unique_ptr<RawClient> Greeting(int port);

  // False when the connection is broken.
  bool Send(std::string_view bytes);
  // Whether the server ends the connection before our patience does.
  bool ReadToEnd();
  // What comes until the end.
  std::string ReadAll();

  struct Received {
    uint8_t flags = 0;
    uint32_t stream = 0;
    std::string payload;
  };
  // Reads until a frame of that type, with those flags, is there; nothing when
  // it does not come.
  std::optional<Received> ReadUntil(FrameType type, uint8_t flags = 0);
  // The fields of the next HEADERS with those flags; empty when none comes.
  std::map<std::string, std::string> ReadFields(uint8_t flags = 0);

  void Reset();

 private:
  struct Inflater;

  int fd_;
  std::string input_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace millrace::rpc

#endif  // MILLRACE_RPC_RAW_CLIENT_H_
