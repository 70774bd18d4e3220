#include "tests/support/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace millrace::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kUser[] = "postgres";
constexpr absl::Duration kPatience = absl::Seconds(60);

absl::Status Cannot(const std::string& why) {
  return absl::UnavailableError(
      absl::StrCat("no PostgreSQL for this test: ", why));
}

// The newest installation of Debian's package.
std::string FindBin() {
  std::string best;
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry :
       fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version <= newest || !fs::exists(entry.path() / "bin/initdb")) continue;
    newest = version;
    best = (entry.path() / "bin").string();
  }
  return best;
}

sockaddr_in Address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Address(0);
  socklen_t length = sizeof(address);
  int port = -1;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

struct ProcessStat {
  char state = 'X';  // as for one that is gone
  pid_t parent = 0;
};

ProcessStat StatOf(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string stat;
  std::getline(file, stat);
  ProcessStat read;
  const size_t end = stat.rfind(')');
  if (end == std::string::npos) return read;
  std::istringstream rest(stat.substr(end + 1));
  rest >> read.state >> read.parent;
  return read;
}

// The server's processes leave its session, so they are found by parent.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && StatOf(pid).parent == parent) children.push_back(pid);
  }
  return children;
}

// Until it has let go of what it had; somebody else reaps it.
void AwaitEnd(pid_t pid) {
  const absl::Time end = absl::Now() + kPatience;
  for (char state = StatOf(pid).state;
       state != 'X' && state != 'Z' && absl::Now() < end;
       state = StatOf(pid).state) {
    absl::SleepFor(absl::Milliseconds(1));
  }
}

}  // namespace

PostgresServer::PostgresServer(std::string bin, std::string dir,
                               bool as_postgres, int port)
    : bin_(std::move(bin)),
      dir_(std::move(dir)),
      as_postgres_(as_postgres),
      port_(port) {}

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Start() {
  const std::string bin = FindBin();
  if (bin.empty()) {
    return Cannot("it is not installed (apt-get install postgresql)");
  }
  const bool root = geteuid() == 0;
  const passwd* user = getpwnam(kUser);
  if (root && user == nullptr) {
    return Cannot("running as root, and there is no user postgres");
  }
  std::string dir =
      (fs::temp_directory_path() / "millrace-postgres-XXXXXX").string();
  if (mkdtemp(dir.data()) == nullptr) {
    return Cannot(absl::StrCat("mkdtemp: ", std::strerror(errno)));
  }
  if (root && chown(dir.c_str(), user->pw_uid, user->pw_gid) != 0) {
    return Cannot(absl::StrCat("chown: ", std::strerror(errno)));
  }
  std::unique_ptr<PostgresServer> server(
      new PostgresServer(bin, dir, root, FreePort()));
  absl::Status status = server->RunTool(
      {bin + "/initdb", "--pgdata=" + dir + "/data", "--auth=trust",
       "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"});
  if (status.ok()) status = server->Launch();
  if (!status.ok()) return Cannot(std::string(status.message()));
  return server;
}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) {
    kill(pid_, SIGQUIT);  // immediate shutdown, children included
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

std::string PostgresServer::url(const std::string& database) const {
  return absl::StrCat("postgresql://postgres@127.0.0.1:", port_, "/", database);
}

absl::StatusOr<std::string> PostgresServer::CreateDatabase(
    const std::string& name) {
  const absl::Status status =
      RunTool({bin_ + "/createdb", "--host=127.0.0.1",
               absl::StrCat("--port=", port_), "--username=postgres", name});
  if (!status.ok()) return status;
  return url(name);
}

void PostgresServer::Kill9() {
  if (pid_ <= 0) return;
  // Stopped first, so that it starts nobody while its children are listed.
  kill(pid_, SIGSTOP);
  const std::vector<pid_t> children = ChildrenOf(pid_);
  for (const pid_t child : children) kill(child, SIGKILL);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  // The next server refuses to start beside one of them.
  for (const pid_t child : children) AwaitEnd(child);
}

absl::Status PostgresServer::Restart() {
  Kill9();
  return Launch();
}

absl::Status PostgresServer::Launch() {
  // Without fsync: a killed process loses nothing that it wrote.
  pid_ = Spawn({bin_ + "/postgres", "-D", dir_ + "/data", "-p",
                absl::StrCat(port_), "-c", "listen_addresses=127.0.0.1", "-c",
                "unix_socket_directories=", "-c", "fsync=off", "-c",
                "shared_buffers=16MB", "-c", "max_connections=50"},
               dir_ + "/server.log");
  if (pid_ < 0) return absl::UnavailableError("fork failed");
  return AwaitReady();
}

absl::Status PostgresServer::AwaitReady() {
  const absl::Time end = absl::Now() + kPatience;
  while (absl::Now() < end) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return absl::UnavailableError("the server ended: " + LogTail());
    }
    if (RunTool({bin_ + "/pg_isready", "--quiet", "--host=127.0.0.1",
                 absl::StrCat("--port=", port_)})
            .ok()) {
      return absl::OkStatus();
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
  return absl::UnavailableError("the server did not get ready: " + LogTail());
}

absl::Status PostgresServer::RunTool(std::vector<std::string> command) const {
  const pid_t pid = Spawn(command, dir_ + "/tool.log");
  int result = 0;
  if (pid < 0 || waitpid(pid, &result, 0) != pid) {
    return absl::UnavailableError(command[0] + " could not be started");
  }
  if (WIFEXITED(result) && WEXITSTATUS(result) == 0) return absl::OkStatus();
  std::ifstream log(dir_ + "/tool.log");
  std::stringstream text;
  text << log.rdbuf();
  return absl::UnavailableError(
      absl::StrCat(command[0], " failed: ", text.str()));
}

pid_t PostgresServer::Spawn(const std::vector<std::string>& command,
                            const std::string& log) const {
  const passwd* user = as_postgres_ ? getpwnam(kUser) : nullptr;
  const uid_t uid = user == nullptr ? geteuid() : user->pw_uid;
  const gid_t gid = user == nullptr ? getegid() : user->pw_gid;
  std::vector<char*> arguments;
  for (const std::string& word : command) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd >= 0) {
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
  }
  if (as_postgres_ &&
      (setgroups(0, nullptr) != 0 || setgid(gid) != 0 || setuid(uid) != 0)) {
    _exit(126);
  }
  // After the change of user, which would clear it.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (chdir(dir_.c_str()) != 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string PostgresServer::LogTail() const {
  std::ifstream log(dir_ + "/server.log");
  std::stringstream text;
  text << log.rdbuf();
  const std::string all = text.str();
  return all.size() > 500 ? all.substr(all.size() - 500) : all;
}

}  // namespace millrace::testing
