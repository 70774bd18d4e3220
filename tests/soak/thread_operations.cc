// Worker jobs, and tasks that another thread posts.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/strings.h"
#include "loop/worker_pool.h"
#include "tests/soak/soak.h"

namespace millrace::soak {
namespace {

class Workers final : public Operations {
 public:
  explicit Workers(Soak& soak) : soak_(soak) {}

  std::string_view name() const override { return "worker jobs"; }

  void Step() override {
    const uint64_t number = ++jobs_;
    auto job = [number, token = soak_.token()] { return number * 3; };
    const AbortController controller;
    auto result = AsStatusOr(pool_.Run(
        std::move(job), soak_.OneIn(4) ? controller.signal() : AbortSignal()));
    soak_.Begin();
    loop_internal::OnSettled(
        std::move(result),
        [this, number](Promise<absl::StatusOr<uint64_t>> done) {
          soak_.End();
          Check(number, done.value());
        });
    soak_.Later([controller] { controller.Abort(); });
  }

  ~Workers() override {
    if (pool_.queued() + pool_.running() > 0) {
      soak_.Problem("the pool has jobs left");
    }
    if (pool_.run_times().count() != ran_) {
      soak_.Problem(StrCat("the pool ran ", pool_.run_times().count(),
                           " jobs, and ", ran_, " came back"));
    }
  }

 private:
  void Check(uint64_t number, const absl::StatusOr<uint64_t>& result) {
    if (result.ok()) {
      ++ran_;
      if (*result != number * 3) soak_.Problem("a job got another's result");
    } else if (!absl::IsResourceExhausted(result.status()) &&
               !absl::IsCancelled(result.status())) {
      soak_.Problem(result.status().ToString());
    }
  }

  Soak& soak_;
  uint64_t jobs_ = 0;
  uint64_t ran_ = 0;
  WorkerPool pool_{{.threads = 2, .name = "soak", .max_queued = 512}};
};

// Asks a thread to post tasks, which have to come in their order.
class Posts final : public Operations {
 public:
  explicit Posts(Soak& soak) : soak_(soak), thread_([this] { Serve(); }) {}
  ~Posts() override {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  std::string_view name() const override { return "posts"; }

  void Step() override {
    soak_.Begin();
    soak_.loop().AddRef();
    const uint64_t number = ++asked_;
    {
      std::lock_guard lock(mutex_);
      tasks_.push_back([this, number, token = soak_.token()] {
        soak_.loop().ReleaseRef();
        soak_.End();
        if (number != ++arrived_) soak_.Problem("posts came out of order");
      });
    }
    wake_.notify_one();
  }

 private:
  void Serve() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      if (tasks_.empty()) wake_.wait(lock);
      std::vector<Task> tasks = std::exchange(tasks_, {});
      lock.unlock();
      for (Task& task : tasks) soak_.loop().Post(std::move(task));
      lock.lock();
    }
  }

  Soak& soak_;
  uint64_t asked_ = 0;
  uint64_t arrived_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace

std::vector<Weighted> ThreadOperations(Soak& soak) {
  std::vector<Weighted> all;
  all.push_back({3, std::make_unique<Workers>(soak)});
  all.push_back({4, std::make_unique<Posts>(soak)});
  return all;
}

}  // namespace millrace::soak
