#include "store/lanes.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/strings.h"

namespace millrace::store {
namespace {

// What a timer can hold; nobody waits longer for a connection.
constexpr absl::Duration kLongestTimer = absl::Hours(24 * 20);

}  // namespace

// Outlives the Lanes while a timer of a job may still look at it.
struct Lanes::Queue {
  explicit Queue(const Options& given) : options(given) {}

  const Options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<JobPtr> jobs;
  bool ending = false;              // the threads end when the queue is empty
  int running = 0;                  // threads that have not ended
  Task drained;                     // for the last of them to post
  std::unique_ptr<Runner> on_loop;  // when there are no threads
  Gauge* waiting = nullptr;         // touched while there are jobs
  Gauge* busy = nullptr;

  // Under the mutex, whenever the jobs have changed.
  void ShowWaiting() {
    if (waiting != nullptr) waiting->Set(static_cast<double>(jobs.size()));
  }

  void Run(Runner& runner, absl::Span<const JobPtr> taken) {
    if (busy != nullptr) busy->Add(1);
    runner.Run(taken);
    if (busy != nullptr) busy->Add(-1);
  }

  // Makes room for others; a worker may already have taken it.
  void Remove(const Job* job) {
    const std::lock_guard lock(mutex);
    const auto found =
        std::find_if(jobs.begin(), jobs.end(),
                     [&](const JobPtr& queued) { return queued.get() == job; });
    if (found == jobs.end()) return;
    jobs.erase(found);
    ShowWaiting();
  }

  // The next job, with the writes behind it that may share its commit; empty
  // when the thread is to end.
  std::vector<JobPtr> Take(size_t batch) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ending || !jobs.empty(); });
    std::vector<JobPtr> taken;
    while (!jobs.empty() && taken.size() < batch) {
      const bool write = jobs.front()->mode == Session::Mode::kWrite;
      if (!taken.empty() && !write) break;
      taken.push_back(std::move(jobs.front()));
      jobs.pop_front();
      if (!write) break;
    }
    if (!taken.empty()) ShowWaiting();
    return taken;
  }
};

Lanes::Lanes(EventLoop& loop, const Options& options, MakeRunner make_runner)
    : loop_(loop), options_(options), queue_(std::make_shared<Queue>(options)) {
  queue_->running = options_.threads;
  queue_->waiting = options_.waiting;
  queue_->busy = options_.busy;
  if (options_.threads == 0) queue_->on_loop = make_runner();
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back(
        [&loop, queue = queue_, batch = options_.batch, make_runner] {
          Work(loop, *queue, batch, make_runner);
        });
  }
}

Lanes::~Lanes() {
  std::deque<JobPtr> left;
  {
    const std::lock_guard lock(queue_->mutex);
    left.swap(queue_->jobs);
    queue_->ShowWaiting();
  }
  for (const JobPtr& job : left) {
    job->error = std::make_exception_ptr(StatusError(
        absl::CancelledError("the database was closed before this could run")));
    if (job->loop == &loop_) {
      Finish(*job);
    } else {
      job->loop->Post([job] { Finish(*job); });
    }
  }
  Join();
  queue_->on_loop = nullptr;
}

bool Lanes::Submit(JobPtr job) {
  EventLoop& loop = *EventLoop::Current();
  job->loop = &loop;
  job->queued = absl::Now();
  job->note.emplace(options_.database, job->statement);
  {
    const std::lock_guard lock(queue_->mutex);
    if (queue_->ending) {
      job->note.reset();
      return false;
    }
    queue_->jobs.push_back(job);
    queue_->ShowWaiting();
  }
  queue_->changed.notify_one();
  if (options_.threads == 0) loop.Post([queue = queue_] { RunOne(*queue); });
  // The job may be done with by now, but does not come back within this call.
  loop.AddRef("database job");
  const absl::Duration patience =
      std::min(options_.acquire_timeout, job->context.deadline - job->queued);
  if (patience < kLongestTimer) {
    Timer timer = loop.SetTimeout(patience, [queue = queue_, job] {
      if (!job->GiveUp()) return;
      queue->Remove(job.get());
      job->error = std::make_exception_ptr(StatusError(GaveUp(*job, *queue)));
      Finish(*job);
    });
    job->timer = std::move(timer);
  }
  return true;
}

absl::Status Lanes::GaveUp(const Job& job, const Queue& queue) {
  if (absl::Now() >= job.context.deadline) {
    return absl::DeadlineExceededError(
        "the deadline passed while the transaction waited for a connection");
  }
  return absl::ResourceExhaustedError(
      StrCat("no connection to the database became free within ",
             absl::FormatDuration(queue.options.acquire_timeout), " (all ",
             queue.options.threads,
             " are busy); shorten transactions or raise pool_size"));
}

void Lanes::Drain(Task done) {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->ending = true;
    queue_->drained = std::move(done);
  }
  // Behind the jobs that are queued.
  if (options_.threads == 0) loop_.Post(std::move(queue_->drained));
  queue_->changed.notify_all();
}

void Lanes::RunOne(Queue& queue) {
  JobPtr job;
  {
    const std::lock_guard lock(queue.mutex);
    if (queue.jobs.empty()) return;  // given up meanwhile
    job = std::move(queue.jobs.front());
    queue.jobs.pop_front();
    queue.ShowWaiting();
  }
  queue.Run(*queue.on_loop, absl::MakeConstSpan(&job, 1));
  if (job->state == Job::kStarted) Finish(*job);
}

void Lanes::Join() {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->ending = true;
  }
  queue_->changed.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Lanes::Work(EventLoop& home, Queue& queue, size_t batch,
                 const MakeRunner& make_runner) {
  std::unique_ptr<Runner> runner = make_runner();
  for (;;) {
    std::vector<JobPtr> jobs = queue.Take(batch);
    if (jobs.empty()) break;
    queue.Run(*runner, jobs);
    for (JobPtr& job : jobs) {
      // What was given up has settled, but ends on the loop all the same.
      EventLoop& loop = *job->loop;
      loop.Post([job = std::move(job)] {
        if (job->state == Job::kStarted) Finish(*job);
      });
    }
  }
  runner = nullptr;  // closes its session before anybody is told
  const std::lock_guard lock(queue.mutex);
  if (--queue.running == 0 && queue.drained) {
    home.Post(std::move(queue.drained));
  }
}

void Lanes::Finish(Job& job) {
  job.loop->Clear(std::exchange(job.timer, Timer()));
  job.loop->ReleaseRef("database job");
  job.note.reset();
  // A hook that throws is a bug for the loop to report, but what committed
  // has committed.
  std::exception_ptr thrown;
  for (const auto& hook : job.hooks) {
    try {
      hook();
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  job.settle(job.error);
  job.body = nullptr;
  job.settle = nullptr;
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

}  // namespace millrace::store
