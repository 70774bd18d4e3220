// From a request to the event in the audit trail: a transaction changes a row
// and emits, the relay publishes, another service's listener writes what
// happened down in the transaction of its inbox. One event at a time, all on
// one PostgreSQL, beside what that cannot do without: a commit, a record that
// the brokers acknowledge, one more commit.
#include <libpq-fe.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bare.h"
#include "base/status.h"
#include "base/strings.h"
#include "bench.h"
#include "bus/inbox.h"
#include "bus/relay.h"

namespace millrace::bench {
namespace {

using ::users::v1::UserCreated;

constexpr int kWarm = 50;  // events that nobody times

constexpr char kPeople[] =
    "CREATE TABLE IF NOT EXISTS bench_people (id TEXT, email TEXT)";
constexpr char kTrail[] =
    "CREATE TABLE IF NOT EXISTS bench_trail (id TEXT, what TEXT)";

// Of one event, or of one part of it.
class Latencies {
 public:
  void Add(double seconds) { seconds_.push_back(seconds); }
  // "NAME":{"p50":S,"p99":S}
  std::string Json(std::string_view name) {
    std::sort(seconds_.begin(), seconds_.end());
    return StrCat("\"", name, "\":{\"p50\":", At(0.5), ",\"p99\":", At(0.99),
                  "}");
  }

 private:
  double At(double part) const {
    return seconds_[static_cast<size_t>(
        part * static_cast<double>(seconds_.size() - 1))];
  }

  std::vector<double> seconds_;
};

// {"count":N,"seconds":S,"cpu_seconds":C,"whole":{...},...}
void Print(int count, const Stopwatch& watch, const std::string& latencies) {
  std::printf("{\"count\":%d,\"seconds\":%.6f,\"cpu_seconds\":%.6f,%s}\n",
              count, watch.seconds(), watch.cpu_seconds(), latencies.c_str());
  std::fflush(stdout);
}

std::string Parts(Latencies& whole, Latencies& first, Latencies& sent,
                  Latencies& second) {
  return StrCat(whole.Json("whole"), ",", first.Json("first"), ",",
                sent.Json("sent"), ",", second.Json("second"));
}

class Auditing final : public ::users::v1::UserEvents::Listener {
 public:
  Auditing(store::Database& database, const std::string& group)
      : inbox_(database, group) {}

  Promise<void> OnCreated(const Event<UserCreated>& event) override {
    return Note(*this, event);
  }
  // When the next event is in the trail.
  Promise<void> Next() {
    next_ = Deferred<void>();
    request_ = Stopwatch();
    return next_.promise();
  }
  // When it was handed to the listener, after the call of Next().
  double delivered() const { return delivered_; }

 private:
  static Promise<void> Note(Auditing& self, const Event<UserCreated>& event) {
    self.delivered_ = self.request_.seconds();
    const std::string id = event.payload.user_id();
    auto effects = [id](store::Tx& tx) {
      tx.Execute("INSERT INTO bench_trail VALUES (:id, :what)",
                 {{"id", id}, {"what", "created"}});
    };
    co_await self.inbox_.Once(event.envelope, std::move(effects));
    self.next_.Resolve();
  }

  bus::Inbox inbox_;
  Deferred<void> next_;
  Stopwatch request_;
  double delivered_ = 0;
};

std::unique_ptr<store::Database> Open(KafkaStage& stage) {
  store::DatabaseOptions options;
  options.url = stage.run().database;
  return ValueOrThrow(store::Database::Open(stage.loop(), options,
                                            stage.logger(), stage.metrics()));
}

Promise<void> AuditAll(KafkaStage& stage) {
  const Run& run = stage.run();
  const auto users = Open(stage);
  const auto admin = Open(stage);
  co_await users->Migrate(bus::kOutboxModule, bus::Outbox::Migrations());
  co_await admin->Migrate(bus::kInboxModule, bus::Inbox::Migrations());
  co_await users->Transact([](store::Tx& tx) {
    tx.Execute(kPeople);
    tx.Execute(kTrail);
  });
  const ContractInfo& contract = ContractOn(run.topic);
  bus::Outbox outbox(*users, "/bench");
  bus::OutboxRelay relay(stage.loop(), outbox, stage.transport(),
                         stage.logger(), stage.metrics());
  ThrowIfError(relay.Start());
  bus::Bus bus(stage.loop(), stage.transport(), stage.logger(),
               stage.metrics());
  Auditing listener(*admin, run.group);
  ThrowIfError(bus.Subscribe(contract, run.group, listener));

  Latencies whole, first, sent, second;
  std::optional<Stopwatch> watch;
  for (int i = 0; i < kWarm + run.count; ++i) {
    if (i == kWarm) watch.emplace();
    const Stopwatch request;
    const Promise<void> audited = listener.Next();
    co_await users->Transact([&](store::Tx& tx) {
      const auto payload = MakePayload(i);
      tx.Execute("INSERT INTO bench_people VALUES (:id, :email)",
                 {{"id", payload.user_id()}, {"email", payload.email()}});
      outbox.Emit(tx, contract, contract.events[Created::kIndex], payload,
                  payload.user_id());
    });
    const double committed = request.seconds();
    co_await audited;
    if (!watch) continue;
    const double end = request.seconds();
    whole.Add(end);
    first.Add(committed);
    sent.Add(listener.delivered() - committed);
    second.Add(end - listener.delivered());
  }
  Print(run.count, *watch, Parts(whole, first, sent, second));
  co_await relay.Stop(absl::Seconds(5));
  co_await bus.Drain(absl::Seconds(5));
  co_await users->Close();
  co_await admin->Close();
}

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "bus_bench: %s\n", what);
  std::exit(1);
}

class BareDatabase {
 public:
  explicit BareDatabase(const std::string& url)
      : connection_(PQconnectdb(url.c_str())) {
    Do("SET client_min_messages = warning");
    Do(kPeople);
    Do(kTrail);
  }
  ~BareDatabase() { PQfinish(connection_); }

  void Do(const char* statement) {
    PGresult* result = PQexec(connection_, statement);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
      Die(PQerrorMessage(connection_));
    }
    PQclear(result);
  }

 private:
  PGconn* connection_;
};

void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    Die(rd_kafka_err2str(message->err));
  }
  ++*static_cast<int*>(opaque);
}

}  // namespace

void AuditedOurs(const Run& run) { KafkaStage(run).Go(&AuditAll); }

void AuditedFloor(const Run& run) {
  BareDatabase database(run.database);
  int acknowledged = 0;
  rd_kafka_conf_t* conf = BareConfig(run);
  Set(conf, "enable.idempotence", "true");
  Set(conf, "linger.ms", "0");
  rd_kafka_conf_set_opaque(conf, &acknowledged);
  rd_kafka_conf_set_dr_msg_cb(conf, &OnReport);
  rd_kafka_t* producer = BareClient(RD_KAFKA_PRODUCER, conf);
  Latencies whole, first, sent, second;
  std::optional<Stopwatch> watch;
  for (int i = 0; i < kWarm + run.count; ++i) {
    if (i == kWarm) watch.emplace();
    const auto payload = MakePayload(i);
    const std::string bytes = payload.SerializeAsString();
    const Stopwatch clock;
    database.Do("INSERT INTO bench_people VALUES ('user', 'a@example.com')");
    const double committed = clock.seconds();
    if (rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(run.topic.c_str()),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(payload.user_id().data(), payload.user_id().size()),
            RD_KAFKA_V_VALUE(const_cast<char*>(bytes.data()), bytes.size()),
            RD_KAFKA_V_END) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      Die("the producer takes nothing");
    }
    while (acknowledged == i) rd_kafka_poll(producer, 1000);
    const double published = clock.seconds();
    database.Do("INSERT INTO bench_trail VALUES ('user', 'created')");
    if (!watch) continue;
    const double audited = clock.seconds();
    whole.Add(audited);
    first.Add(committed);
    sent.Add(published - committed);
    second.Add(audited - published);
  }
  Print(run.count, *watch, Parts(whole, first, sent, second));
  rd_kafka_destroy(producer);
}

}  // namespace millrace::bench
