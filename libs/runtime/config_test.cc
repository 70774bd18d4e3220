#include "runtime/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/strings.h"
#include "runtime/config_schema.h"
#include "runtime/config_validate.h"
#include "runtime/config_values.h"
#include "runtime/testdata/config_fixture.h"

namespace millrace::runtime {
namespace {

TEST_F(ConfigTest, DefaultsAreValid) {
  const Config config = Load();
  EXPECT_EQ(config.http().port(), 8080);
  EXPECT_EQ(config.grpc().port(), 9090);
  EXPECT_EQ(config.bus().transport(), "local");
  EXPECT_THAT(config.services(),
              testing::ElementsAre("users", "admin", "templates"));
  EXPECT_EQ(DurationOf(config.drain_timeout()), absl::Seconds(10));
}

TEST_F(ConfigTest, FileThenEnvironmentThenFlags) {
  Yaml("http:\n  port: 1\n  host: filehost\ngrpc:\n  port: 1\n");
  Environment("MILLRACE_HTTP_PORT", "2");
  Environment("MILLRACE_GRPC_PORT", "2");
  Set("grpc.port", "3");
  const Config config = Load();
  EXPECT_EQ(config.http().host(), "filehost");
  EXPECT_EQ(config.http().port(), 2);
  EXPECT_EQ(config.grpc().port(), 3);
}

TEST_F(ConfigTest, UnknownKeyInFile) {
  Yaml("services: [users]\ndata_dir: here\nhtpp:\n  port: 1\n");
  EXPECT_EQ(Error(),
            "config.yaml:3:1: unknown key 'htpp'; did you mean 'http'?");
}

TEST_F(ConfigTest, UnknownKeyBelow) {
  Yaml("http:\n  limits:\n    max_body: 5\n  prot: 1\n");
  EXPECT_EQ(Error(),
            "config.yaml:3:5: unknown key 'http.limits.max_body'; known here: "
            "max_body_bytes, max_header_bytes, max_connections, "
            "header_timeout, body_timeout, idle_timeout, send_timeout, "
            "max_request_line_bytes, max_headers, max_pipelined, "
            "max_pending_bytes\n"
            "config.yaml:4:3: unknown key 'http.prot'; did you mean "
            "'http.port'?");
}

TEST_F(ConfigTest, UnknownVariable) {
  Environment("MILLRACE_HTTP_PROT", "1");
  Environment("MILLRACE_DATABASES_USERS_URI", "x");
  Environment("MILLRACE_BUS_KAFKA_SASL_PASWORD_FILE", "x");
  Environment("MILLRACE_COMPLETELY_DIFFERENT", "x");
  EXPECT_EQ(Error(),
            "MILLRACE_HTTP_PROT: unknown variable; did you mean "
            "'MILLRACE_HTTP_PORT'?\n"
            "MILLRACE_DATABASES_USERS_URI: unknown variable; did you mean "
            "'MILLRACE_DATABASES_USERS_URL'?\n"
            "MILLRACE_BUS_KAFKA_SASL_PASWORD_FILE: unknown variable; did you "
            "mean 'MILLRACE_BUS_KAFKA_SASL_PASSWORD_FILE'?\n"
            "MILLRACE_COMPLETELY_DIFFERENT: unknown variable, and the prefix "
            "MILLRACE_ is for the configuration alone");
}

TEST_F(ConfigTest, ServiceLinksOfKubernetesAreExplained) {
  Environment("MILLRACE_USERS_SERVICE_HOST", "10.0.0.1");
  EXPECT_EQ(Error(),
            "MILLRACE_USERS_SERVICE_HOST: unknown variable; Kubernetes sets "
            "it for a service, unless the pod has enableServiceLinks: false");
}

TEST_F(ConfigTest, OtherVariablesAreLeftAlone) {
  Environment("PATH", "/bin");
  Environment("MILLRACE_PRESET", "debug");
  Environment("MILLRACE_CONFIG", "x.yaml");
  for (const char* name : {"TARGET", "TLS_CA", "TLS_CERT", "TLS_KEY"}) {
    Environment(StrCat("MILLRACE_", name), "x");
  }
  Load();
}

TEST_F(ConfigTest, UnknownKeyOfSet) {
  Set("http.prot", "1");
  Set("bus.kafka", "1");
  EXPECT_EQ(Error(),
            "--set http.prot: unknown key 'http.prot'; did you mean "
            "'http.port'?\n"
            "--set bus.kafka: bus.kafka must be keys with values, not '1'");
}

TEST_F(ConfigTest, WrongTypes) {
  Yaml(
      "http: 8080\n"
      "grpc:\n  port: \"9090\"\n"
      "services: users\n"
      "data_dir: [a]\n"
      "log:\n  level:\n");
  Environment("MILLRACE_CALLS_MAX_IN_FLIGHT", "many");
  EXPECT_EQ(Error(),
            "config.yaml:1:7: http must be keys with values, not '8080'\n"
            "config.yaml:3:9: grpc.port must be a whole number, not the text "
            "'9090'\n"
            "config.yaml:4:11: services must be a list, not 'users'\n"
            "config.yaml:5:11: data_dir must be a text, not a list\n"
            "config.yaml:7:3: log.level must be a text, not nothing\n"
            "MILLRACE_CALLS_MAX_IN_FLIGHT: calls.max_in_flight must be a whole "
            "number, not 'many'");
}

TEST_F(ConfigTest, ValuesOutOfBounds) {
  Yaml("http:\n  port: 70000\nlog:\n  level: inof\ndrain_timeout: 10\n");
  Environment("MILLRACE_READINESS_INTERVAL", "-5s");
  EXPECT_EQ(Error(),
            "config.yaml:2:9: http.port must be 0 to 65535, not 70000\n"
            "config.yaml:4:10: log.level must be one of debug, info, warning, "
            "error, not 'inof'; did you mean 'info'?\n"
            "config.yaml:5:16: drain_timeout must be a duration such as 10s, "
            "not '10'\n"
            "MILLRACE_READINESS_INTERVAL: readiness_interval must be a "
            "duration such as 5s, not '-5s'");
}

TEST_F(ConfigTest, ARatioIsANumberWithinItsBounds) {
  EXPECT_EQ(Load().traces().sample(), 1);
  Set("traces.sample", "0.25");
  EXPECT_EQ(Load().traces().sample(), 0.25);
  Set("traces.sample", "1.5");
  EXPECT_EQ(Error(),
            "--set traces.sample: traces.sample must be 0 to 1, not 1.5");
  Set("traces.sample", "nan");
  EXPECT_EQ(Error(),
            "--set traces.sample: traces.sample must be 0 to 1, not nan");
}

TEST_F(ConfigTest, ARatioIsNoWord) {
  Set("traces.sample", "some");
  EXPECT_EQ(Error(),
            "--set traces.sample: traces.sample must be a number, not 'some'");
}

TEST_F(ConfigTest, ACollectorIsAUrl) {
  Set("otlp.endpoint", "collector:4318");
  EXPECT_THAT(Error(),
              testing::HasSubstr("--set otlp.endpoint: otlp.endpoint must be "
                                 "the URL of a collector, such as "
                                 "http://collector:4318"));
  Set("otlp.endpoint", "https://collector.example");
  EXPECT_EQ(Load().otlp().endpoint(), "https://collector.example");
}

TEST_F(ConfigTest, ACollectorsAuthorizationIsASecretAndNeedsACollector) {
  Environment("MILLRACE_OTLP_AUTHORIZATION", "Bearer abc");
  EXPECT_THAT(Error(), testing::HasSubstr("otlp.endpoint must be set"));
  Set("otlp.endpoint", "http://collector:4318");
  EXPECT_EQ(Load().otlp().authorization(), "Bearer abc");
}

TEST_F(ConfigTest, NothingBreaksOutOfTheAuthorization) {
  Set("otlp.endpoint", "http://collector:4318");
  Environment("MILLRACE_OTLP_AUTHORIZATION", "two\nlines");
  EXPECT_THAT(Error(),
              testing::HasSubstr("otlp.authorization has a control character"));
}

TEST_F(ConfigTest, TheBudgetOfTheLoopMayBeZero) {
  EXPECT_EQ(Load().loop().budget(), "200ms");
  Set("loop.budget", "0s");
  EXPECT_EQ(Load().loop().budget(), "0s");
  Set("loop.budget", "-1s");
  Set("drain_timeout", "0s");
  EXPECT_EQ(Error(),
            "--set drain_timeout: drain_timeout must be a duration such as "
            "10s, not '0s'\n"
            "--set loop.budget: loop.budget must be a duration such as 200ms, "
            "not '-1s'");
}

TEST_F(ConfigTest, OverriddenMistakeDoesNotCount) {
  Yaml("http:\n  port: 70000\n");
  Set("http.port", "80");
  EXPECT_EQ(Load().http().port(), 80);
}

TEST_F(ConfigTest, UnknownServices) {
  Yaml(
      "services: [usres, admin, admin]\n"
      "databases:\n  templtes:\n    url: \"sqlite::memory:\"\n");
  EXPECT_EQ(Error(),
            "config.yaml:1:11: services has 'usres', which this program does "
            "not have; did you mean 'users'?\n"
            "config.yaml:1:11: services has 'admin' twice\n"
            "config.yaml:4:10: databases.templtes: no service is called "
            "'templtes'; did you mean 'templates'?");
}

TEST_F(ConfigTest, KafkaNeedsBrokersAndCredentials) {
  Yaml(
      "bus:\n  transport: kafka\n  kafka:\n    security: sasl_ssl\n"
      "    sasl_username: millrace\n");
  EXPECT_EQ(Error(),
            "bus.kafka.brokers must name a broker; set it with "
            "--kafka-brokers or MILLRACE_BUS_KAFKA_BROKERS\n"
            "bus.kafka.sasl_password must be set for sasl_ssl; set it with "
            "MILLRACE_BUS_KAFKA_SASL_PASSWORD_FILE, the name of a file that "
            "holds it, or MILLRACE_BUS_KAFKA_SASL_PASSWORD");
}

TEST_F(ConfigTest, KafkaIsShownACertificateWithItsKey) {
  Yaml(
      "bus:\n  transport: kafka\n  kafka:\n    brokers: [\"a:9092\"]\n"
      "    certificate_file: /tls/tls.crt\n");
  EXPECT_EQ(Error(),
            "bus.kafka.key_file must be set beside certificate_file: a "
            "certificate is "
            "shown with its key; set it with --set bus.kafka.key_file=... or "
            "MILLRACE_BUS_KAFKA_KEY_FILE\n"
            "bus.kafka.security must be ssl or sasl_ssl, or no certificate is "
            "shown to brokers; set it with --set bus.kafka.security=... or "
            "MILLRACE_BUS_KAFKA_SECURITY");
}

TEST_F(ConfigTest, Addresses) {
  Yaml("bus:\n  transport: kafka\n");
  Environment("MILLRACE_BUS_KAFKA_BROKERS", "one:9092, two");
  Environment("MILLRACE_REMOTE_USERS", "users");
  Set("remote.templates", "[::1]:9090");
  EXPECT_EQ(Error(),
            "MILLRACE_BUS_KAFKA_BROKERS: bus.kafka.brokers must be host:port, "
            "not 'two'\n"
            "MILLRACE_REMOTE_USERS: remote.users must be host:port, not "
            "'users'");
}

TEST_F(ConfigTest, NobodyIsAskedForATokenUnlessItIsSaid) {
  const Config config = Load();
  EXPECT_EQ(config.identity().jwks(), "");
  EXPECT_EQ(config.identity().issuer(), "millrace");
  EXPECT_EQ(config.identity().audience(), "millrace");
  EXPECT_EQ(DurationOf(config.identity().clock_skew()), absl::Seconds(30));
  Set("identity.jwks", "http://users:8080/.well-known/jwks.json");
  EXPECT_EQ(Error(), "");
  Set("identity.jwks", "local");
  EXPECT_EQ(Error(), "");
}

TEST_F(ConfigTest, SecretsDoNotBelongInFilesAndFlagsAndAreNotShown) {
  Yaml("bus:\n  kafka:\n    sasl_password: hunter2\n");
  Set("databases.users.password", "hunter2");
  const std::string error = Error();
  EXPECT_EQ(error,
            "config.yaml:3:20: bus.kafka.sasl_password is a secret, which "
            "does not belong here; set it with "
            "MILLRACE_BUS_KAFKA_SASL_PASSWORD_FILE, the name of a file that "
            "holds it, or MILLRACE_BUS_KAFKA_SASL_PASSWORD\n"
            "--set databases.users.password: databases.users.password is a "
            "secret, which does not belong here; set it with "
            "MILLRACE_DATABASES_USERS_PASSWORD_FILE, the name of a file that "
            "holds it, or MILLRACE_DATABASES_USERS_PASSWORD");
}

TEST_F(ConfigTest, PasswordInUrlOnlyFromTheEnvironment) {
  const std::string url = "postgresql://u:hunter2@db:5432/users";
  Yaml("databases:\n  users:\n    url: " + url + "\n");
  EXPECT_EQ(Error(),
            "config.yaml:3:10: databases.users.url has a password in it, "
            "which does not belong here; set it with "
            "MILLRACE_DATABASES_USERS_PASSWORD_FILE, the name of a file that "
            "holds it, or MILLRACE_DATABASES_USERS_PASSWORD");
  sources_.file.clear();
  Environment("MILLRACE_DATABASES_USERS_URL", url);
  EXPECT_EQ(DatabaseUrlOf(Load(), "users"), url);
}

TEST_F(ConfigTest, SecretFromFile) {
  Yaml("databases:\n  users:\n    url: postgresql://u@db:5432/users\n");
  Environment("MILLRACE_DATABASES_USERS_PASSWORD_FILE",
              Write("secret", "p@ss/word\n"));
  EXPECT_EQ(DatabaseUrlOf(Load(), "users"),
            "postgresql://u:p%40ss%2Fword@db:5432/users");
}

TEST_F(ConfigTest, SecretFileIsMissing) {
  Environment("MILLRACE_DATABASES_USERS_PASSWORD_FILE", "/nowhere/secret");
  EXPECT_EQ(Error(),
            "MILLRACE_DATABASES_USERS_PASSWORD_FILE: cannot read "
            "'/nowhere/secret': No such file or directory");
}

TEST_F(ConfigTest, DirectoryIsNoFile) {
  std::filesystem::create_directory(folder_ / "folder");
  sources_.file = folder_ / "folder";
  Environment("MILLRACE_IDENTITY_KEY_SECRET_FILE", folder_ / "folder");
  EXPECT_EQ(Error(),
            "folder: cannot read the configuration file: Is a directory; name "
            "another with --config\n"
            "MILLRACE_IDENTITY_KEY_SECRET_FILE: cannot read 'folder': Is a "
            "directory");
}

TEST_F(ConfigTest, SecretFileIsEmpty) {
  for (const char* text : {"", "\n", "\r\n"}) {
    sources_.environment = {
        {"MILLRACE_IDENTITY_KEY_SECRET_FILE", Write("secret", text)}};
    EXPECT_EQ(Error(),
              "MILLRACE_IDENTITY_KEY_SECRET_FILE: 'secret' is empty; write the "
              "value into it, or unset the variable");
  }
}

TEST_F(ConfigTest, PasswordIsKnownAlsoWhenItIsNotPercentEncoded) {
  for (const char* url :
       {"postgresql://u:hunter2@h/d", "postgresql://u:a/hunter2@h/d",
        "postgresql://u:hunter2?@h/d", "postgresql://u:@hunter2/@h/d"}) {
    EXPECT_TRUE(HasPassword(url)) << url;
    EXPECT_EQ(Shown("databases.users.url", url).find("hunter2"),
              std::string::npos)
        << url;
  }
  for (const char* url : {"postgresql://u@h:5432/d", "postgresql://h:5432/d",
                          "sqlite:///a:b@c.db"}) {
    EXPECT_FALSE(HasPassword(url)) << url;
  }
}

TEST_F(ConfigTest, VariableAndItsFileAtOnce) {
  Environment("MILLRACE_DATABASES_USERS_URL", "sqlite::memory:");
  Environment("MILLRACE_DATABASES_USERS_URL_FILE", Write("url", "x"));
  EXPECT_EQ(Error(),
            "MILLRACE_DATABASES_USERS_URL_FILE: databases.users.url is "
            "already set by MILLRACE_DATABASES_USERS_URL; keep one of them");
}

TEST_F(ConfigTest, NotYaml) {
  Yaml("http:\n  port: [1\n");
  EXPECT_THAT(Error(), testing::StartsWith("config.yaml:3:1: not YAML: "));
}

TEST_F(ConfigTest, KeyTwice) {
  Yaml("http:\n  port: 1\nhttp:\n  port: 2\n");
  EXPECT_EQ(Error(),
            "config.yaml:3:1: key 'http' is given twice, first at "
            "config.yaml:1:1");
}

TEST_F(ConfigTest, EndlessAliasIsRefused) {
  Yaml("http: &a\n  limits: *a\n");
  EXPECT_NE(Error(), "");
}

TEST_F(ConfigTest, FileIsMissing) {
  sources_.file = "/nowhere/config.yaml";
  EXPECT_EQ(Error(),
            "/nowhere/config.yaml: cannot read the configuration file: No "
            "such file or directory; name another with --config");
}

TEST_F(ConfigTest, DatabasesDefaultToFilesInTheDataDirectory) {
  Set("data_dir", "/var/lib/millrace");
  EXPECT_EQ(DatabaseUrlOf(Load(), "users"),
            "sqlite:///var/lib/millrace/users.db");
}

// Two paths must not have one variable, and each variable must lead back.
TEST_F(ConfigTest, EveryPathHasItsVariable) {
  std::set<std::string> names;
  for (const std::string& path : Paths(sources_.services)) {
    const std::string name = EnvironmentName(path);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(PathOfEnvironment(name), path);
    EXPECT_NE(FindField(path), nullptr) << path;
  }
  EXPECT_GT(names.size(), 30u);
}

}  // namespace
}  // namespace millrace::runtime
