#include "tls/credentials.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/strings.h"
#include "tls/context.h"

namespace millrace::tls {
namespace {

// Larger than any bundle of authorities.
constexpr size_t kMaxFileBytes = 4 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& what,
                                     const std::string& path) {
  const auto cannot = [&what](int error) {
    return absl::InvalidArgumentError(
        StrCat(what, " cannot be read: ", std::strerror(error)));
  };
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return cannot(errno);
  if (S_ISDIR(status.st_mode)) return cannot(EISDIR);
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return cannot(errno);
  std::string text;
  char buffer[16 << 10];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof(buffer), file)) > 0 &&
         text.size() <= kMaxFileBytes) {
    text.append(buffer, got);
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (error != 0) return cannot(error);
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        StrCat(what, " is larger than ", kMaxFileBytes, " bytes"));
  }
  return text;
}

// "http.tls.key_file: /etc/millrace/key.pem"
std::string Named(const Options& options, std::string_view key,
                  const std::string& path) {
  return StrCat(options.setting, ".", key, ": ", path);
}

// The own certificate and its key, into `loaded`.
absl::Status ReadOwn(const Options& options, absl::Time now, Loaded* loaded,
                     std::vector<Certificate>* own, PrivateKey* key) {
  if (options.certificate_file.empty()) return absl::OkStatus();
  const std::string of_certificate =
      Named(options, "certificate_file", options.certificate_file);
  const std::string of_key = Named(options, "key_file", options.key_file);
  auto certificate = ReadFile(of_certificate, options.certificate_file);
  if (!certificate.ok()) return certificate.status();
  auto key_text = ReadFile(of_key, options.key_file);
  if (!key_text.ok()) return key_text.status();
  auto parsed = ParseCertificates(of_certificate, *certificate);
  if (!parsed.ok()) return parsed.status();
  auto parsed_key = ParseKey(of_key, *key_text);
  if (!parsed_key.ok()) return parsed_key.status();
  const X509& leaf = *parsed->front();
  if (X509_check_private_key(&leaf, parsed_key->get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        StrCat(of_key, " is not the key of the first certificate in ",
               options.certificate_file));
  }
  if (absl::Status status = CheckTime(of_certificate, leaf, now);
      !status.ok()) {
    return status;
  }
  loaded->certificate = *std::move(certificate);
  loaded->key = *std::move(key_text);
  loaded->expires = TimeOf(X509_get0_notAfter(&leaf));
  *own = *std::move(parsed);
  *key = *std::move(parsed_key);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Loaded>> Read(const Options& options,
                                                   absl::Time now) {
  auto loaded = std::make_shared<Loaded>();
  std::vector<Certificate> own, authorities;
  PrivateKey key;
  if (absl::Status status = ReadOwn(options, now, loaded.get(), &own, &key);
      !status.ok()) {
    return status;
  }
  if (!options.ca_file.empty()) {
    const std::string of_ca = Named(options, "ca_file", options.ca_file);
    auto text = ReadFile(of_ca, options.ca_file);
    if (!text.ok()) return text.status();
    auto parsed = ParseCertificates(of_ca, *text);
    if (!parsed.ok()) return parsed.status();
    authorities = *std::move(parsed);
    loaded->ca = *std::move(text);
  }
  auto context = NewContext(options, own, key.get(), authorities);
  if (!context.ok()) return context.status();
  loaded->context = *std::move(context);
  return loaded;
}

}  // namespace

absl::Status Options::Validate() const {
  const auto wrong = [this](std::string_view key, std::string_view what) {
    return absl::InvalidArgumentError(StrCat(setting, ".", key, " ", what));
  };
  if (role == Role::kServer && certificate_file.empty()) {
    return wrong("certificate_file", "must name a PEM file");
  }
  if (certificate_file.empty() != key_file.empty()) {
    return certificate_file.empty()
               ? wrong("certificate_file", "must be set: key_file is")
               : wrong("key_file", "must be set: certificate_file is");
  }
  if (role == Role::kClient) return absl::OkStatus();
  if (clients == ClientCertificates::kNone && !ca_file.empty()) {
    return wrong("ca_file",
                 "is there for nothing: clients are not asked for "
                 "certificates; set client_certificates to optional or "
                 "required");
  }
  if (clients != ClientCertificates::kNone && ca_file.empty()) {
    return wrong("ca_file",
                 "must be set: it has the authorities that sign the "
                 "certificates which clients are asked for");
  }
  return absl::OkStatus();
}

absl::Time Credentials::Now() const {
  return clock_ == nullptr ? absl::Now() : clock_->Now();
}

absl::StatusOr<std::shared_ptr<Credentials>> Credentials::Load(
    Options options, const Clock* clock) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  std::shared_ptr<Credentials> credentials(
      new Credentials(std::move(options), clock));
  auto loaded = Read(credentials->options_, credentials->Now());
  if (!loaded.ok()) return loaded.status();
  credentials->current_ = *std::move(loaded);
  return credentials;
}

std::shared_ptr<const Loaded> Credentials::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

absl::StatusOr<bool> Credentials::Reload() {
  auto loaded = Read(options_, Now());
  if (!loaded.ok()) return loaded.status();
  const std::lock_guard lock(mutex_);
  if ((*loaded)->SameFiles(*current_)) return false;
  current_ = *std::move(loaded);
  return true;
}

}  // namespace millrace::tls
