// A blocking HTTP client on a raw socket, for tests: it sends what it is told,
// byte for byte. Used on a thread of its own beside the loop's.
#ifndef MILLRACE_HTTP_TEST_CLIENT_H_
#define MILLRACE_HTTP_TEST_CLIENT_H_

#include <string>
#include <string_view>

#include "http/headers.h"

namespace millrace::http {

struct TestResponse {
  int status = 0;  // 0: none came
  Headers headers;
  std::string body;
};

class TestClient {
 public:
  explicit TestClient(int port);
  ~TestClient();
  TestClient(const TestClient&) = delete;

  // False when the connection is broken.
  bool Send(std::string_view bytes);
  // One response; gives up after ten seconds of silence. `to_head`: it
  // answers a HEAD and has no body.
  TestResponse Read(bool to_head = false);
  // The next bytes, at least one; empty at the end.
  std::string ReadSome();
  // Reads up to and including `mark`; less when the end comes first.
  std::string ReadUntil(std::string_view mark);
  // Whether the server ends the connection, with nothing before.
  bool AtEnd();
  // No more will be sent.
  void Finish();
  // Leaves with a reset, as a killed client whose data nobody read.
  void Reset();

 private:
  std::string ReadChunked();

  int fd_ = -1;
  std::string input_;
  bool ended_ = false;  // by the server, not by our patience
};

// "GET <path> HTTP/1.1" with a Host and `fields`, which end in CR LF each.
std::string GetRequest(std::string_view path, std::string_view fields = "");
std::string PostRequest(std::string_view path, std::string_view type,
                        std::string_view body, std::string_view fields = "");

}  // namespace millrace::http

#endif  // MILLRACE_HTTP_TEST_CLIENT_H_
