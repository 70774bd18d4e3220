#include "runtime/config_validate.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/strings.h"
#include "base/suggest.h"
#include "http/cors.h"
#include "http/fetch.h"
#include "http/serializer.h"
#include "runtime/config.h"
#include "runtime/config_remote.h"
#include "runtime/config_schema.h"
#include "runtime/config_tls.h"
#include "store/database_url.h"

namespace millrace::runtime {
namespace {

using config::v1::Config;
using config::v1::Setting;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kLeastSecret = 16;

class Validator {
 public:
  Validator(const Places& places, Problems& problems)
      : places_(places), problems_(problems) {}

  void Wrong(const std::string& path, std::string_view what) {
    const auto place = places_.find(path);
    if (place != places_.end()) {
      problems_.push_back(StrCat(place->second.text, ": ", path, " ", what));
    } else {
      problems_.push_back(StrCat(path, " ", what, "; ", HowToSet(path)));
    }
  }

  // Everything that the schema says of single values.
  void CheckValues(const Message& message, const std::string& at) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      const std::string path = at + field->name();
      if (field->is_map()) {
        CheckMap(message, *field, path);
      } else if (field->is_repeated()) {
        continue;
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        CheckValues(reflection.GetMessage(message, field), path + ".");
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        CheckText(reflection.GetString(message, field), *field, path);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
        CheckNumber(reflection.GetInt32(message, field), *field, path);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
        CheckNumber(reflection.GetInt64(message, field), *field, path);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        CheckNumber(reflection.GetDouble(message, field), *field, path);
      }
    }
  }

  void CheckServices(const Config& config,
                     const std::vector<std::string>& known) {
    std::set<std::string> seen;
    for (const std::string& name : config.services()) {
      if (!Known(name, known)) {
        Wrong("services",
              StrCat("has '", name, "', which this program does not have",
                     Instead(name, known)));
      } else if (!seen.insert(name).second) {
        Wrong("services", StrCat("has '", name, "' twice"));
      }
    }
    for (const auto& [name, database] : config.databases()) {
      if (Known(name, known)) {
        CheckDatabase(StrCat("databases.", name), database);
      } else {
        Unknown(StrCat("databases.", name), name, known);
      }
    }
  }

  void CheckBus(const config::v1::Bus& bus) {
    if (bus.transport() != "kafka") return;
    const config::v1::Kafka& kafka = bus.kafka();
    if (kafka.brokers().empty()) {
      Wrong("bus.kafka.brokers", "must name a broker");
    }
    for (const std::string& broker : kafka.brokers()) {
      CheckAddress("bus.kafka.brokers", broker);
    }
    CheckClientCertificate(kafka);
    if (!kafka.security().starts_with("sasl")) return;
    if (kafka.sasl_username().empty()) {
      Wrong("bus.kafka.sasl_username",
            StrCat("must be set for ", kafka.security()));
    }
    if (kafka.sasl_password().empty()) {
      Wrong("bus.kafka.sasl_password",
            StrCat("must be set for ", kafka.security()));
    }
  }

  void CheckClientCertificate(const config::v1::Kafka& kafka) {
    const bool cert = !kafka.certificate_file().empty();
    const bool key = !kafka.key_file().empty();
    if (cert != key) {
      Wrong(
          cert ? "bus.kafka.key_file" : "bus.kafka.certificate_file",
          StrCat("must be set beside ", cert ? "certificate_file" : "key_file",
                 ": a certificate is shown with its key"));
    }
    if ((cert || key) && !kafka.security().ends_with("ssl")) {
      Wrong("bus.kafka.security",
            "must be ssl or sasl_ssl, or no certificate is shown to brokers");
    }
  }

  void CheckIdentity(const config::v1::Identity& identity) {
    if (!identity.jwks().empty() && identity.jwks() != "local") {
      const auto url = http::ParseHttpUrl(identity.jwks());
      if (!url.ok()) {
        Wrong("identity.jwks",
              StrCat("must be 'local' or the URL of a JWK set: ",
                     MessageOf(url.status())));
      }
    }
    if (identity.access() && identity.jwks().empty() &&
        !identity.certificates()) {
      Wrong("identity.access",
            "needs identity.jwks or identity.certificates: without them nobody "
            "is known, and nobody may call");
    }
    if (identity.issuer().empty()) {
      Wrong("identity.issuer", "must name who issues tokens");
    }
    if (identity.audience().empty()) {
      Wrong("identity.audience", "must name for whom tokens are");
    }
    const size_t secret = identity.key_secret().size();
    if (secret > 0 && secret < kLeastSecret) {
      Wrong("identity.key_secret",
            StrCat("must have at least ", kLeastSecret,
                   " characters; make one with 'openssl rand -base64 32'"));
    }
  }

  void CheckOtlp(const config::v1::Otlp& otlp) {
    if (!otlp.endpoint().empty()) {
      const auto url = http::ParseHttpUrl(otlp.endpoint());
      if (!url.ok()) {
        Wrong("otlp.endpoint", StrCat("must be the URL of a collector, such as "
                                      "http://collector:4318: ",
                                      MessageOf(url.status())));
      }
    } else if (!otlp.authorization().empty()) {
      Wrong("otlp.endpoint", "must be set: otlp.authorization is for it");
    }
    if (!http::IsFieldValue(otlp.authorization())) {
      Wrong("otlp.authorization", "has a control character in it");
    }
  }

  void CheckTls(const tls::Options& options) {
    const absl::Status status = options.Validate();
    if (status.ok()) return;
    // It begins with the path.
    const std::string text(MessageOf(status));
    const size_t space = text.find(' ');
    Wrong(text.substr(0, space), text.substr(space + 1));
  }

  void CheckRate(const std::string& path, const config::v1::Rate& rate) {
    if (rate.burst() > 0 && rate.calls() == 0) {
      Wrong(path + ".burst",
            StrCat("needs ", path, ".calls: without it there is no limit"));
    }
  }

  void CheckRemoteCalls(const config::v1::RemoteCalls& calls) {
    const std::vector<std::string> codes = RetryCodeNames();
    for (const std::string& code : calls.retry_codes()) {
      if (Known(code, codes)) continue;
      Wrong("remote_calls.retry_codes",
            StrCat("has '", code, "'", Instead(code, codes)));
    }
    for (const std::string& method : calls.idempotent_methods()) {
      if (IsMethodName(method)) continue;
      Wrong("remote_calls.idempotent_methods",
            StrCat("has '", method, "'; write package.Service/Method"));
    }
    absl::Duration least, most;
    if (absl::ParseDuration(calls.initial_backoff(), &least) &&
        absl::ParseDuration(calls.max_backoff(), &most) && most < least) {
      Wrong("remote_calls.max_backoff",
            StrCat("must be at least remote_calls.initial_backoff, ",
                   calls.initial_backoff()));
    }
  }

  void CheckGrpc(const config::v1::Grpc& grpc) {
    if (grpc.max_memory_bytes() == 0 ||
        grpc.max_memory_bytes() >= grpc.max_message_bytes()) {
      return;
    }
    Wrong("grpc.max_memory_bytes",
          StrCat("must be at least grpc.max_message_bytes, ",
                 grpc.max_message_bytes(), ", or 0: no bound"));
  }

  void CheckCors(const config::v1::Cors& cors) {
    const absl::Status status = http::CorsOptions{
        {cors.origins().begin(),
         cors.origins().end()}}.Validate();
    if (!status.ok()) {
      Wrong("http.cors.origins", StrCat("has ", MessageOf(status)));
    }
  }

  void CheckAddress(const std::string& path, const std::string& text) {
    if (IsAddress(text)) return;
    Wrong(path, StrCat("must be host:port, not '", text, "'"));
  }

 private:
  void CheckMap(const Message& message, const FieldDescriptor& field,
                const std::string& path) {
    const FieldDescriptor& value = *field.message_type()->map_value();
    if (value.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& pair = reflection.GetRepeatedMessage(message, &field, i);
      const Reflection& of_pair = *pair.GetReflection();
      const std::string key =
          of_pair.GetString(pair, field.message_type()->map_key());
      CheckValues(of_pair.GetMessage(pair, &value),
                  StrCat(path, ".", key, "."));
    }
  }

  void CheckText(const std::string& text, const FieldDescriptor& field,
                 const std::string& path) {
    const Setting& setting = SettingOf(field);
    if (setting.duration()) {
      absl::Duration duration;
      if (!absl::ParseDuration(text, &duration) ||
          duration < absl::ZeroDuration() ||
          (duration == absl::ZeroDuration() && !setting.zero())) {
        Wrong(path, StrCat("must be a duration such as ",
                           field.default_value_string(), ", not '", text, "'"));
      } else if (setting.has_at_least() &&
                 duration < DurationOf(setting.at_least())) {
        Wrong(path, StrCat("must be at least ", setting.at_least()));
      } else if (setting.has_at_most() &&
                 duration > DurationOf(setting.at_most())) {
        Wrong(path, StrCat("must be at most ", setting.at_most()));
      }
    }
    if (setting.in().empty()) return;
    const std::vector<std::string> choices(setting.in().begin(),
                                           setting.in().end());
    if (Known(text, choices)) return;
    Wrong(path, StrCat("must be one of ", absl::StrJoin(choices, ", "),
                       ", not '", text, "'", DidYouMean(text, choices)));
  }

  template <typename Number>
  void CheckNumber(Number number, const FieldDescriptor& field,
                   const std::string& path) {
    const Setting& setting = SettingOf(field);
    // Spelled so that what is no number at all is refused.
    if ((setting.has_min() && !(number >= setting.min())) ||
        (setting.has_max() && !(number <= setting.max()))) {
      Wrong(path, StrCat("must be ", setting.min(), " to ", setting.max(),
                         ", not ", number));
    }
  }

  void CheckDatabase(const std::string& path,
                     const config::v1::Database& database) {
    const std::string url_path = path + ".url";
    const std::string& url = database.url();
    if (!url.empty()) {
      const auto parsed = store::ParseDatabaseUrl(url, absl::Seconds(5));
      if (!parsed.ok()) {
        Wrong(url_path, StrCat("is no database: ", MessageOf(parsed.status())));
        return;
      }
      const auto place = places_.find(url_path);
      if (HasPassword(url) && place != places_.end() &&
          place->second.kind != Place::Kind::kEnvironment &&
          place->second.kind != Place::Kind::kSecretFile) {
        Wrong(url_path,
              StrCat("has a password in it, which does not belong here; ",
                     HowToSet(path + ".password")));
      }
    }
    if (database.password().empty()) return;
    if (!url.starts_with("postgres") || HasPassword(url)) {
      Wrong(path + ".password",
            StrCat("is for a postgresql:// URL without a password; ",
                   HowToSet(url_path)));
    }
  }

  static bool Known(const std::string& name,
                    const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  static std::string Instead(const std::string& name,
                             const std::vector<std::string>& known) {
    const std::string near = DidYouMean(name, known);
    if (!near.empty()) return near;
    return StrCat("; it has ", absl::StrJoin(known, ", "));
  }

  // A key of a map that names no service: the place of any value below it.
  void Unknown(const std::string& path, const std::string& name,
               const std::vector<std::string>& known) {
    std::string place;
    const auto below = places_.lower_bound(path + ".");
    if (below != places_.end() && below->first.starts_with(path + ".")) {
      place = below->second.text + ": ";
    }
    problems_.push_back(StrCat(place, path, ": no service is called '", name,
                               "'", Instead(name, known)));
  }

  const Places& places_;
  Problems& problems_;
};

}  // namespace

bool HasPassword(const std::string& url) {
  if (url.find("password=") != url.npos) return true;
  const size_t scheme = url.find("://");
  if (scheme == url.npos || url.starts_with("sqlite:")) return false;
  // A '/' or '?' that is not percent-encoded may be the password's.
  const size_t colon = url.find(':', scheme + 3);
  return colon != url.npos && url.find('@', colon) != url.npos;
}

void Validate(const Config& config, const Places& places,
              const std::vector<std::string>& services, Problems& problems) {
  Validator validator(places, problems);
  validator.CheckValues(config, "");
  validator.CheckServices(config, services);
  validator.CheckBus(config.bus());
  validator.CheckIdentity(config.identity());
  validator.CheckOtlp(config.otlp());
  for (const tls::Options& options : TlsOptionsOf(config)) {
    validator.CheckTls(options);
  }
  if (config.identity().certificates() &&
      config.http().tls().client_certificates() == "none" &&
      config.grpc().tls().client_certificates() == "none") {
    validator.Wrong("identity.certificates",
                    "needs http.tls.client_certificates or "
                    "grpc.tls.client_certificates: callers are not asked for "
                    "one");
  }
  if (config.grpc().channelz() && config.grpc().transport() != "grpc++") {
    validator.Wrong("grpc.channelz", "needs grpc.transport: grpc++");
  }
  validator.CheckRate("calls.by_address", config.calls().by_address());
  validator.CheckRate("calls.by_subject", config.calls().by_subject());
  for (const auto& [name, address] : config.remote()) {
    validator.CheckAddress(StrCat("remote.", name), address);
  }
  validator.CheckRemoteCalls(config.remote_calls());
  validator.CheckGrpc(config.grpc());
  validator.CheckCors(config.http().cors());
  if (const std::string what = WrongWithHsts(config.http()); !what.empty()) {
    validator.Wrong("http.hsts.max_age", what);
  }
  if (config.data_dir().empty()) {
    validator.Wrong("data_dir", "must name a directory");
  }
}

}  // namespace millrace::runtime
