#include "bus/kafka/wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace millrace::bus::kafka {

Wake::Wake(EventLoop& loop, absl::AnyInvocable<bool()> turn)
    : loop_(loop),
      turn_(std::move(turn)),
      fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      watcher_(
          std::make_unique<FdWatcher>(loop, fd_, [this] { OnReadable(); })) {}

Wake::~Wake() { Stop(); }

void Wake::Watch(rd_kafka_queue_t* queue) {
  // An eventfd takes eight bytes and nothing else.
  static constexpr uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(queue, fd_, &kOne, sizeof(kOne));
  // What is there already is not signalled.
  Again();
}

void Wake::Unwatch(rd_kafka_queue_t* queue) {
  rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
}

void Wake::Again() {
  if (armed_ || fd_ < 0) return;
  armed_ = true;
  again_ = loop_.SetImmediate([this] {
    armed_ = false;
    Run();
  });
}

void Wake::Stop() {
  if (fd_ < 0) return;
  again_.Clear();
  watcher_.reset();
  close(fd_);
  fd_ = -1;
}

void Wake::OnReadable() {
  uint64_t count;
  while (read(fd_, &count, sizeof(count)) == sizeof(count)) {
  }
  if (!armed_) Run();
}

void Wake::Run() {
  if (fd_ >= 0 && turn_()) Again();
}

}  // namespace millrace::bus::kafka
