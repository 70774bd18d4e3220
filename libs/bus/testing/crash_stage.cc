#include "bus/testing/crash_stage.h"

#include <google/protobuf/wrappers.pb.h>

#include <utility>

#include "base/status.h"
#include "base/strings.h"

namespace millrace::bus::testing {
namespace {

using google::protobuf::Message;
using google::protobuf::StringValue;

const Message& Prototype() { return StringValue::default_instance(); }

std::string KeyOf(const Message& message) {
  const std::string& text = static_cast<const StringValue&>(message).value();
  return text.substr(0, text.find(':'));
}

constexpr char kTables[] = R"sql(
  CREATE TABLE changes (id {{id}}, text TEXT NOT NULL);
  CREATE TABLE applied (id {{id}}, text TEXT NOT NULL);
)sql";

void Insert(store::Tx& tx, const std::string& table, const std::string& text) {
  tx.Execute(StrCat("INSERT INTO ", table, " (text) VALUES (:text)"),
             store::Params{{"text", text}});
}

}  // namespace

const ContractInfo& CrashContract() {
  static const EventInfo said{"Said", "test.v1.TestEvents.Said", Prototype,
                              KeyOf};
  static const ContractInfo contract = [] {
    ContractInfo info;
    info.full_name = "test.v1.TestEvents";
    info.topic = "t";
    info.partitions = 2;
    info.retention = absl::Hours(1);
    info.dead_letter_topic = "t.dead";
    info.events = absl::MakeConstSpan(&said, 1);
    return info;
  }();
  return contract;
}

std::string TextOf(const EventEnvelope& event) {
  StringValue payload;
  return payload.ParseFromString(event.payload) ? payload.value() : "";
}

CrashStage::CrashStage(std::string directory)
    : directory_(std::move(directory)) {}

Promise<void> CrashStage::Open(CrashStage& stage) {
  store::DatabaseOptions options;
  options.url = StrCat("sqlite://", stage.directory_, "/service.db");
  stage.database_ = ValueOrThrow(store::Database::Open(
      stage.loop_, options, stage.logger_, stage.metrics_));
  options.url = StrCat("sqlite://", stage.directory_, "/bus.db");
  stage.log_database_ = ValueOrThrow(store::Database::Open(
      stage.loop_, options, stage.logger_, stage.metrics_));
  std::vector<store::Migration> tables(1);
  tables[0] = {1, "tables", kTables};
  co_await stage.database_->Migrate("crash", std::move(tables));
  co_await stage.database_->Migrate(kOutboxModule, Outbox::Migrations());
  co_await stage.database_->Migrate(kInboxModule, Inbox::Migrations());
  const local::LocalOptions log_options;
  stage.transport_ = co_await local::LocalTransport::Open(
      stage.loop_, *stage.log_database_, stage.clock_, stage.logger_,
      stage.metrics_, log_options);
  std::vector<TopicSpec> topics(2);
  topics[0].name = std::string(CrashContract().topic);
  topics[0].partitions = CrashContract().partitions;
  topics[1] = topics[0];
  topics[1].name = std::string(CrashContract().dead_letter_topic);
  co_await stage.transport_->EnsureTopics(std::move(topics));
  stage.outbox_ = std::make_unique<Outbox>(*stage.database_, "/test");
  stage.inbox_ = std::make_unique<Inbox>(*stage.database_, kGroup);
}

Promise<void> CrashStage::Close(CrashStage& stage) {
  co_await stage.transport_->Close(absl::Seconds(10));
  co_await stage.database_->Close();
  co_await stage.log_database_->Close();
}

Promise<void> CrashStage::Change(std::string text,
                                 std::function<void()> in_tx) {
  return database_->Transact([this, text, in_tx](store::Tx& tx) {
    Insert(tx, "changes", text);
    StringValue payload;
    payload.set_value(text);
    const ContractInfo& contract = CrashContract();
    outbox_->Emit(tx, contract, contract.events[0], payload, KeyOf(payload));
    if (in_tx) in_tx();
  });
}

std::unique_ptr<OutboxRelay> CrashStage::NewRelay(Transport& transport) {
  auto relay = std::make_unique<OutboxRelay>(loop_, *outbox_, transport,
                                             logger_, metrics_);
  ThrowIfError(relay->Start());
  return relay;
}

Promise<std::vector<std::string>> CrashStage::Rows(std::string table) {
  return database_->Read([table](store::Tx& tx) {
    std::vector<std::string> texts;
    for (const store::Row& row :
         tx.Query(StrCat("SELECT text FROM ", table, " ORDER BY id"))) {
      texts.push_back(row.Text("text"));
    }
    return texts;
  });
}

Promise<void> Applier::Apply(Applier& self, const EventEnvelope& event) {
  const std::string text = TextOf(event);
  if (!text.empty() && text.back() == '!') {
    Throw(absl::InvalidArgumentError("never right"));
  }
  // Apart from the co_await: within it, GCC 12 destroys captures twice.
  Promise<bool> once = self.inbox_.Once(
      event, [text](store::Tx& tx) { Insert(tx, "applied", text); });
  co_await std::move(once);
  if (self.after_) self.after_();
}

}  // namespace millrace::bus::testing
