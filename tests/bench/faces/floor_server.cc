#include "tests/bench/faces/floor_server.h"

#include <uv.h>

#include <cstdlib>
#include <string>

#include "tests/bench/support/server_process.h"

namespace millrace::bench {
namespace {

// As long as what our server answers.
char answer[] =
    "HTTP/1.1 200 OK\r\n"
    "content-type: application/json\r\n"
    "content-length: 16\r\n"
    "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "\r\n"
    "{\"text\":\"hello\"}";

char input[64 << 10];

void Give(uv_handle_t*, size_t, uv_buf_t* buffer) {
  *buffer = uv_buf_init(input, sizeof input);
}

void Close(uv_stream_t* connection) {
  uv_close(reinterpret_cast<uv_handle_t*>(connection), [](uv_handle_t* handle) {
    delete reinterpret_cast<uv_tcp_t*>(handle);
  });
}

void Answer(uv_stream_t* connection, ssize_t got, const uv_buf_t*) {
  if (got == 0) return;
  uv_buf_t output = uv_buf_init(answer, sizeof answer - 1);
  if (got < 0 || uv_try_write(connection, &output, 1) !=
                     static_cast<int>(sizeof answer - 1)) {
    Close(connection);
  }
}

void Accept(uv_stream_t* listener, int) {
  auto* connection = new uv_tcp_t;
  uv_tcp_init(listener->loop, connection);
  auto* stream = reinterpret_cast<uv_stream_t*>(connection);
  if (uv_accept(listener, stream) != 0) return Close(stream);
  uv_tcp_nodelay(connection, 1);
  uv_read_start(stream, Give, Answer);
}

}  // namespace

void RunFloorServer() {
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t listener;
  uv_tcp_init(loop, &listener);
  sockaddr_in address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&listener, reinterpret_cast<sockaddr*>(&address), 0);
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 511, Accept) != 0) {
    std::abort();
  }
  int size = sizeof address;
  uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&address), &size);
  TellPort(ntohs(address.sin_port));
  uv_run(loop, UV_RUN_DEFAULT);
}

}  // namespace millrace::bench
