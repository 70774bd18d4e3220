// services_bench TARGET create|get|list IN_FLIGHT SECONDS CALLS WORD [TOKEN]:
// the load of compare.mjs on a users service, over one connection, until the
// seconds or the calls are over. WORD is what the e-mail addresses of those who
// are created begin with, the file with the ids of those who are read in turn,
// a line each, or how many are on a page. Prints a line of JSON.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/faces/load.h"
#include "tests/bench/support/server_process.h"
#include "users/v1/users.pb.h"

namespace millrace::bench {
namespace {

std::string CreateRequest(const std::string& prefix, int64_t number) {
  users::v1::CreateUserRequest request;
  request.set_email(absl::StrCat(prefix, number, "@example.com"));
  request.set_display_name(absl::StrCat("Person ", number));
  return request.SerializeAsString();
}

std::vector<std::string> ReadLines(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// False when there is no such load.
bool Choose(const std::string& what, const char* word, Load& load) {
  if (what == "create") {
    load.path = "/users.v1.UsersService/CreateUser";
    load.make_request = [prefix = std::string(word)](int64_t number) {
      return CreateRequest(prefix, number);
    };
    return true;
  }
  if (what == "get") {
    const std::vector<std::string> ids = ReadLines(word);
    if (ids.empty()) return false;
    load.path = "/users.v1.UsersService/GetUser";
    load.make_request = [ids](int64_t number) {
      users::v1::GetUserRequest request;
      request.set_id(ids[number % ids.size()]);
      return request.SerializeAsString();
    };
    return true;
  }
  if (what == "list") {
    load.path = "/users.v1.UsersService/ListUsers";
    users::v1::ListUsersRequest request;
    request.set_page_size(std::atoi(word));
    load.request = request.SerializeAsString();
    return true;
  }
  return false;
}

int Main(const std::vector<const char*>& arguments) {
  Load load;
  if (arguments.size() < 6 || arguments.size() > 7 ||
      !Choose(arguments[1], arguments[5], load)) {
    std::fprintf(stderr,
                 "usage: services_bench TARGET create|get|list IN_FLIGHT "
                 "SECONDS CALLS PREFIX|FILE|PAGE_SIZE [TOKEN]\n");
    return 2;
  }
  load.target = arguments[0];
  load.in_flight = std::atoi(arguments[2]);
  load.seconds = std::atof(arguments[3]);
  load.calls = std::atoll(arguments[4]);
  if (arguments.size() == 7) load.token = arguments[6];
  load.keep_latencies = true;
  const LoadResult result = RunLoad(load);
  std::printf(
      "{\"calls\": %lld, \"seconds\": %.6f, \"p50\": %.6f, \"p99\": %.6f}\n",
      static_cast<long long>(result.calls), result.seconds,
      Percentile(result.latencies, 0.5), Percentile(result.latencies, 0.99));
  return 0;
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  return millrace::bench::Main({argv + 1, argv + argc});
}
