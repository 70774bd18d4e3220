#include "tools/millrace/login_command.h"

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "tools/millrace/client.h"
#include "tools/millrace/session_file.h"
#include "users/v1/sessions.millrace.h"

namespace millrace::cli {
namespace {

struct LoginFlags {
  ClientOptions client{.anonymous = true};
  std::string email;
  std::string password_file;
  std::vector<std::string> also;
  bool everywhere = false;
};

// Does not show what is typed, while it lives.
class Hidden {
 public:
  Hidden() {
    there_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!there_) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
  }
  ~Hidden() {
    if (there_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  bool there_ = false;
  termios before_{};
};

// From the file, the terminal, or the first line of what is piped in.
std::string ReadPassword(const std::string& file) {
  std::string password;
  if (!file.empty()) {
    std::ifstream in(file);
    if (!in || !std::getline(in, password)) {
      Throw(absl::InvalidArgumentError(
          StrCat("cannot read a password from ", file)));
    }
    return password;
  }
  const bool asked = isatty(STDIN_FILENO) == 1;
  if (asked) std::cerr << "Password: " << std::flush;
  const Hidden hidden;
  std::getline(std::cin, password);
  if (asked) std::cerr << "\n";
  return password;
}

Promise<void> Login(const ::users::v1::LoginRequest* request,
                    LoginSession* session, Channel& channel, const Call& call) {
  ::users::v1::SessionsServiceClient sessions(channel);
  session->tokens = co_await sessions.Login(call, *request);
}

Promise<void> Logout(const ::users::v1::LogoutRequest* request,
                     Channel& channel, const Call& call) {
  ::users::v1::SessionsServiceClient sessions(channel);
  co_await sessions.Logout(call, *request);
}

int RunLogin(const LoginFlags& flags) {
  const auto path = ValueOrThrow(SessionPath());
  ::users::v1::LoginRequest request;
  request.set_email(flags.email);
  request.set_password(ReadPassword(flags.password_file));
  LoginSession session = {.targets = flags.also, .tls = UsesTls(flags.client)};
  session.targets.insert(session.targets.begin(), flags.client.target);
  const int code =
      RunClient(flags.client, [&](Channel& channel, const Call& call) {
        return Login(&request, &session, channel, call);
      });
  if (code != 0) return code;
  const auto lock = ValueOrThrow(SessionLock::Take(path));
  ThrowIfError(SaveSession(path, session));
  std::cout << "logged in as user " << session.tokens.user_id() << "\n";
  return 0;
}

// The session ends also when its process cannot be told: nobody has its tokens
// any more.
int RunLogout(LoginFlags flags) {
  const auto path = ValueOrThrow(SessionPath());
  const auto lock = ValueOrThrow(SessionLock::Take(path));
  const auto session = LoadSession(path);
  if (session.ok() && session->has_value()) {
    ThrowIfError((*session)->MayBeTold(UsesTls(flags.client)));
  }
  ThrowIfError(RemoveSession(path));
  if (!session.ok() || !session->has_value() || (*session)->targets.empty()) {
    std::cout << "not logged in\n";
    return 0;
  }
  flags.client.target = (*session)->targets.front();
  ::users::v1::LogoutRequest request;
  request.set_refresh_token((*session)->tokens.refresh_token());
  request.set_everywhere(flags.everywhere);
  return RunClient(flags.client, [&](Channel& channel, const Call& call) {
    return Logout(&request, channel, call);
  });
}

}  // namespace

void AddLogin(CLI::App* app, int* code) {
  auto flags = std::make_shared<LoginFlags>();
  const auto run = [code](const char* name, const auto& what) {
    try {
      *code = what();
    } catch (const StatusError& error) {
      std::cerr << "millrace " << name << ": " << MessageOf(error.status())
                << "\n";
      *code = 1;
    }
  };
  CLI::App* login = app->add_subcommand(
      "login",
      "Log in, by a password that is asked for or piped in. Commands that talk "
      "to this process tell from then on who calls, until 'millrace logout'");
  login->add_option("EMAIL", flags->email, "Who logs in")->required();
  AddClientOptions(login, &flags->client,
                   "The gRPC address of a process with the users service");
  login->add_option("--password-file", flags->password_file,
                    "A file whose first line is the password");
  login->add_option("--also", flags->also,
                    "The gRPC address of another process that may be told who "
                    "calls; as many as there are");
  login->callback(
      [flags, run] { run("login", [&] { return RunLogin(*flags); }); });

  CLI::App* logout = app->add_subcommand("logout", "End the session");
  AddTlsOptions(logout, &flags->client);
  logout->add_flag("--everywhere", flags->everywhere,
                   "And all other sessions of the person");
  logout->callback(
      [flags, run] { run("logout", [&] { return RunLogout(*flags); }); });
}

}  // namespace millrace::cli
