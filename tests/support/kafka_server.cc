#include "tests/support/kafka_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace millrace::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kScripts[] = MILLRACE_SOURCE_DIR "/tests/support/kafka";
// Much, or a busy machine would pass for one without Kafka.
constexpr absl::Duration kPatience = absl::Seconds(180);

absl::Status Cannot(const std::string& why) {
  return absl::UnavailableError(absl::StrCat("no Kafka for this test: ", why));
}

sockaddr_in Address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

bool CanBind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Address(port);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address),
                          sizeof(address)) == 0;
  close(fd);
  return bound;
}

// A port, and the one after it, below those that the system hands out: while
// the broker is down, a client that goes on connecting must not be given the
// broker's own port as its source, and so hold it.
int FreePorts() {
  std::random_device random;
  for (int i = 0; i < 1000; ++i) {
    const int port = 12000 + static_cast<int>(random() % 18000);
    if (CanBind(port) && CanBind(port + 1)) return port;
  }
  return -1;
}

// Whether a broker answers an ApiVersions request.
bool Answers(int port) {
  static constexpr unsigned char kRequest[] = {0, 0, 0, 10, 0, 18,   0,
                                               0, 0, 0, 0,  1, 0xff, 0xff};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval timeout{5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  const sockaddr_in address = Address(port);
  char length[4];
  const bool answers =
      connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0 &&
      send(fd, kRequest, sizeof(kRequest), MSG_NOSIGNAL) == sizeof(kRequest) &&
      recv(fd, length, sizeof(length), MSG_WAITALL) == sizeof(length);
  close(fd);
  return answers;
}

std::string Tail(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  while (!all.empty() && all.back() == '\n') all.pop_back();
  return all.size() > 500 ? all.substr(all.size() - 500) : all;
}

}  // namespace

KafkaServer::KafkaServer(std::string dir, int port,
                         std::vector<std::string> settings)
    : dir_(std::move(dir)), port_(port), settings_(std::move(settings)) {}

absl::StatusOr<std::unique_ptr<KafkaServer>> KafkaServer::Start(
    std::vector<std::string> settings) {
  std::string dir =
      (fs::temp_directory_path() / "millrace-kafka-XXXXXX").string();
  if (mkdtemp(dir.data()) == nullptr) {
    return Cannot(absl::StrCat("mkdtemp: ", std::strerror(errno)));
  }
  std::unique_ptr<KafkaServer> server(
      new KafkaServer(dir, FreePorts(), std::move(settings)));
  const absl::Status status = server->Restart();
  if (!status.ok()) return Cannot(std::string(status.message()));
  return server;
}

KafkaServer::~KafkaServer() {
  End(SIGKILL);
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

std::string KafkaServer::brokers() const {
  return absl::StrCat("127.0.0.1:", port_);
}

void KafkaServer::Stop() { End(SIGTERM); }
void KafkaServer::Kill9() { End(SIGKILL); }

absl::Status KafkaServer::Restart() {
  const absl::Status status = RestartSoon();
  return status.ok() ? AwaitReady() : status;
}

absl::Status KafkaServer::RestartSoon() {
  End(SIGTERM);
  return Launch();
}

void KafkaServer::Pause() {
  if (pid_ > 0) kill(pid_, SIGSTOP);
}

void KafkaServer::Continue() {
  if (pid_ > 0) kill(pid_, SIGCONT);
}

absl::Status KafkaServer::Launch() {
  std::vector<std::string> command = {absl::StrCat(kScripts, "/broker"), "run",
                                      dir_, absl::StrCat(port_)};
  command.insert(command.end(), settings_.begin(), settings_.end());
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) return absl::UnavailableError("fork failed");
  if (pid_ > 0) return absl::OkStatus();
  const int fd = open(absl::StrCat(dir_, "/start.log").c_str(),
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  // Outlives the exec of the script and that of Java in the same process.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execv(arguments[0], arguments.data());
  _exit(127);
}

absl::Status KafkaServer::AwaitReady() {
  const absl::Time end = absl::Now() + kPatience;
  while (absl::Now() < end) {
    if (Answers(port_)) return absl::OkStatus();
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return absl::UnavailableError("the broker ended: " + LogTail());
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
  return absl::UnavailableError("the broker does not answer: " + LogTail());
}

void KafkaServer::End(int signal) {
  if (pid_ <= 0) return;
  kill(pid_, signal);
  kill(pid_, SIGCONT);
  const absl::Time end = absl::Now() + kPatience;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (absl::Now() > end) kill(pid_, SIGKILL);
    absl::SleepFor(absl::Milliseconds(10));
  }
  pid_ = -1;
}

std::string KafkaServer::LogTail() const {
  const std::string start = Tail(dir_ + "/start.log");
  return start.empty() ? Tail(dir_ + "/server.log") : start;
}

}  // namespace millrace::testing
