// turn: an immediate that queues the next one, so that each costs a turn of the
// loop; turn_socket: the same while a socket listens, so that each turn asks
// the kernel. Floor: libuv with an idle and a check handle.
#include <uv.h>

#include "bench.h"
#include "loop/event_loop.h"
#include "loop/tcp.h"

namespace millrace::bench {
namespace {

struct Again {
  EventLoop* loop;
  int64_t* left;
  void operator()() const {
    if (--*left > 0) {
      loop->SetImmediate(*this);
    } else {
      loop->Stop();
    }
  }
};

void Ours(benchmark::State& state, int64_t turns, bool socket) {
  EventLoop loop;
  std::unique_ptr<TcpListener> listener;
  if (socket) {
    auto listening = TcpListener::Listen(loop, "127.0.0.1", 0, 8, [](auto) {});
    if (!listening.ok()) return state.SkipWithError("cannot listen");
    listener = *std::move(listening);
  }
  int64_t left = 0;
  for (auto _ : state) {
    left = turns;
    loop.SetImmediate(Again{&loop, &left});
    loop.Run();
  }
  state.SetItemsProcessed(state.iterations() * turns);
}

struct Counter {
  uv_loop_t* loop;
  int64_t left;
};

void Floor(benchmark::State& state, int64_t turns, bool socket) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  Counter counter{&loop, 0};
  uv_idle_t idle;
  uv_check_t check;
  uv_idle_init(&loop, &idle);
  uv_check_init(&loop, &check);
  check.data = &counter;
  uv_idle_start(&idle, [](uv_idle_t*) {});
  uv_check_start(&check, [](uv_check_t* handle) {
    auto* count = static_cast<Counter*>(handle->data);
    if (--count->left == 0) uv_stop(count->loop);
  });
  uv_tcp_t tcp;
  uv_tcp_init(&loop, &tcp);
  if (socket) {
    sockaddr_in address;
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(&tcp, reinterpret_cast<sockaddr*>(&address), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(&tcp), 8,
              [](uv_stream_t*, int) {});
  }
  for (auto _ : state) {
    counter.left = turns;
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  state.SetItemsProcessed(state.iterations() * turns);
  uv_walk(
      &loop, [](uv_handle_t* handle, void*) { uv_close(handle, nullptr); },
      nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

}  // namespace

void RegisterTurns(const Sizes& sizes) {
  benchmark::RegisterBenchmark("turn/ours", Ours, sizes.chain, false);
  benchmark::RegisterBenchmark("turn/floor", Floor, sizes.chain, false);
  benchmark::RegisterBenchmark("turn_socket/ours", Ours, sizes.chain, true);
  benchmark::RegisterBenchmark("turn_socket/floor", Floor, sizes.chain, true);
}

}  // namespace millrace::bench
