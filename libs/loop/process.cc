#include "loop/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/strings.h"
#include "loop/child_pipe.h"

namespace millrace {

using loop_internal::InputPipe;
using loop_internal::OutputPipe;
using loop_internal::PipeRef;

std::string ExitStatus::ToString() const {
  return signal != 0 ? StrCat("signal ", signal) : StrCat("exit code ", code);
}

class Process::Impl {
 public:
  // What the handle and the Process know of the child.
  struct State {
    std::string program;
    bool kill_on_drop = true;
    bool ended = false;
    Deferred<ExitStatus> exited;
  };

  struct Handle final : loop_internal::UvHandle {
    using UvHandle::UvHandle;
    ~Handle() override {
      if (!state->ended) Reap();
    }

    // The loop ends before the child does.
    void Reap() {
      if (state->kill_on_drop) kill(uv.pid, SIGKILL);
      const int how = state->kill_on_drop ? 0 : WNOHANG;
      while (waitpid(uv.pid, nullptr, how) < 0 && errno == EINTR) {
      }
    }

    uv_process_t uv;
    std::shared_ptr<State> state;
  };

  explicit Impl(EventLoop& loop) : loop_(loop) {}
  ~Impl();

  absl::Status Spawn(ProcessOptions options);

  int pid() const { return pid_; }
  Promise<ExitStatus> exit() const { return state_->exited.promise(); }
  absl::Status Kill(int signum);
  Stream<std::string> Take(Stream<std::string>* from) {
    if (!from->valid()) return Stream<std::string>::Empty();
    return std::move(*from);
  }
  Promise<void> Write(std::string bytes);
  void CloseInput();

  Stream<std::string> output;
  Stream<std::string> errors;

 private:
  static void OnExit(uv_process_t* uv, int64_t code, int signal);

  EventLoop& loop_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  Handle* handle_ = nullptr;  // valid until the process has ended
  int pid_ = 0;
  PipeRef<InputPipe> input_;
};

namespace {

// What uv_spawn() wants to be told, and for how long it lives.
class Arguments {
 public:
  explicit Arguments(ProcessOptions& options) {
    args_.push_back(options.program.data());
    for (std::string& arg : options.args) args_.push_back(arg.data());
    args_.push_back(nullptr);
    if (!options.env.has_value()) return;
    for (const auto& [name, value] : *options.env) {
      variables_.push_back(StrCat(name, "=", value));
    }
    for (std::string& variable : variables_) env_.push_back(variable.data());
    env_.push_back(nullptr);
  }

  char** args() { return args_.data(); }
  // Null for the environment of this process.
  char** env() { return env_.empty() ? nullptr : env_.data(); }

 private:
  std::vector<char*> args_;
  std::vector<std::string> variables_;
  std::vector<char*> env_;
};

template <typename H>
H* AddStdio(EventLoop& loop, Stdio how, int fd, int flags,
            uv_stdio_container_t* container) {
  container->flags = UV_IGNORE;  // libuv opens /dev/null
  if (how == Stdio::kInherit) {
    container->flags = UV_INHERIT_FD;
    container->data.fd = fd;
  }
  if (how != Stdio::kPipe) return nullptr;
  H* pipe = H::Make(loop.impl());
  container->flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | flags);
  container->data.stream = pipe->stream();
  return pipe;
}

}  // namespace

absl::Status Process::Impl::Spawn(ProcessOptions options) {
  uv_stdio_container_t stdio[3];
  auto* in = AddStdio<InputPipe>(loop_, options.in, STDIN_FILENO,
                                 UV_READABLE_PIPE, &stdio[0]);
  auto* out = AddStdio<OutputPipe>(loop_, options.out, STDOUT_FILENO,
                                   UV_WRITABLE_PIPE, &stdio[1]);
  auto* err = AddStdio<OutputPipe>(loop_, options.err, STDERR_FILENO,
                                   UV_WRITABLE_PIPE, &stdio[2]);
  if (in != nullptr) input_ = in->self;
  Arguments arguments(options);
  uv_process_options_t wanted = {};
  wanted.exit_cb = &OnExit;
  wanted.file = options.program.c_str();
  wanted.args = arguments.args();
  wanted.env = arguments.env();
  wanted.cwd = options.cwd.empty() ? nullptr : options.cwd.c_str();
  wanted.stdio_count = 3;
  wanted.stdio = stdio;

  state_->program = options.program;
  state_->kill_on_drop = options.kill_on_drop;
  handle_ = new Handle(loop_.impl());
  handle_->state = state_;
  const int error = uv_spawn(loop_.impl().uv(), &handle_->uv, &wanted);
  loop_internal::BindHandle(&handle_->uv, handle_);
  if (error == 0) {
    pid_ = handle_->uv.pid;
    if (out != nullptr) output = out->Start();
    if (err != nullptr) errors = err->Start();
    return absl::OkStatus();
  }
  state_->ended = true;
  loop_internal::CloseHandle(&handle_->uv);
  if (out != nullptr) out->Close();
  if (err != nullptr) err->Close();
  return absl::Status(
      absl::ErrnoToStatusCode(-error),
      StrCat("cannot run '", options.program, "'",
             options.cwd.empty() ? "" : StrCat(" in '", options.cwd, "'"), ": ",
             uv_strerror(error)));
}

Process::Impl::~Impl() {
  CloseInput();
  if (state_->ended) return;
  if (state_->kill_on_drop) {
    uv_process_kill(&handle_->uv, SIGKILL);
  } else {
    uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->uv));
  }
}

void Process::Impl::OnExit(uv_process_t* uv, int64_t code, int signal) {
  auto* handle = loop_internal::HandleOf<Handle>(uv);
  handle->state->ended = true;
  loop_internal::CloseHandle(uv);
  handle->loop.Dispatch([&] {
    handle->state->exited.Resolve(
        ExitStatus{.code = static_cast<int>(code), .signal = signal});
  });
}

absl::Status Process::Impl::Kill(int signum) {
  loop_.AssertThread();
  const int error =
      state_->ended ? UV_ESRCH : uv_process_kill(&handle_->uv, signum);
  if (error == 0) return absl::OkStatus();
  const std::string text =
      StrCat("cannot send signal ", signum, " to process ", pid_, " ('",
             state_->program, "'): ", uv_strerror(error));
  if (error == UV_ESRCH) return absl::NotFoundError(text);
  return absl::Status(absl::ErrnoToStatusCode(-error), text);
}

Promise<void> Process::Impl::Write(std::string bytes) {
  loop_.AssertThread();
  if (input_ == nullptr || *input_ == nullptr || (*input_)->ending()) {
    return Promise<void>::Reject(absl::FailedPreconditionError(StrCat(
        "the process '", state_->program, "' has no open pipe for input")));
  }
  return (*input_)->Write(std::move(bytes));
}

void Process::Impl::CloseInput() {
  if (input_ != nullptr && *input_ != nullptr) (*input_)->End();
}

absl::StatusOr<std::unique_ptr<Process>> Process::Spawn(
    EventLoop& loop, ProcessOptions options) {
  loop.AssertThread();
  auto impl = std::make_unique<Impl>(loop);
  const absl::Status status = impl->Spawn(std::move(options));
  if (!status.ok()) return status;
  return std::unique_ptr<Process>(new Process(std::move(impl)));
}

Process::Process(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Process::~Process() = default;

int Process::pid() const { return impl_->pid(); }
Promise<ExitStatus> Process::exit() const { return impl_->exit(); }
absl::Status Process::Kill(int signum) { return impl_->Kill(signum); }
Stream<std::string> Process::TakeOutput() {
  return impl_->Take(&impl_->output);
}
Stream<std::string> Process::TakeErrors() {
  return impl_->Take(&impl_->errors);
}
Promise<void> Process::Write(std::string bytes) {
  return impl_->Write(std::move(bytes));
}
void Process::CloseInput() { impl_->CloseInput(); }

}  // namespace millrace
