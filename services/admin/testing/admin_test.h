// A fixture for the admin service: its handlers, with people who are made up,
// on the kind of database that the program is for.
#ifndef MILLRACE_SERVICES_ADMIN_TESTING_ADMIN_TEST_H_
#define MILLRACE_SERVICES_ADMIN_TESTING_ADMIN_TEST_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admin/migrations.h"
#include "admin/v1/events.millrace.h"
#include "bus/bus.h"
#include "bus/testing/fake_transport.h"
#include "services/admin/listeners.h"
#include "services/admin/rpc.h"
#include "services/admin/verify.h"
#include "templates/v1/events.millrace.h"
#include "tests/support/database_backend.h"
#include "tests/support/watched_service_test.h"
#include "users/v1/events.millrace.h"

namespace millrace::admin {

inline constexpr char kAda[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
inline constexpr char kBob[] = "017f22e2-79b0-7cc3-98c4-dc0c0c073990";
inline constexpr char kRoot[] = "017f22e2-79b0-7cc3-98c4-dc0c0c0739ff";

// Reaches a service of people that are made up.
class FakeChannel final : public Channel {
 public:
  Promise<MessagePtr> Unary(const MethodInfo& method, const Call& call,
                            const Message& request) override;
  Stream<MessagePtr> Streaming(const MethodInfo& method, const Call& call,
                               Stream<MessagePtr> requests) override;

  std::set<std::string> people = {kAda, kBob, kRoot};
  // Why methods fail, by their names.
  std::map<std::string_view, absl::Status> failures;
  // What was called, and on whose behalf.
  std::vector<std::string> calls;
};

// What the tests of this program run on: sqlite_test.cc or postgres_test.cc
// says it, and so the same tests make a program for each.
const testing::Backend& TestedBackend();

// The tables as the migrations up to `version` leave them.
std::vector<store::Migration> MigrationsUpTo(int version);

class AdminTest : public testing::Watched<testing::ServiceTest> {
 protected:
  AdminTest() : AdminTest(AdminMigrations()) {}
  explicit AdminTest(std::vector<store::Migration> migrations)
      : AdminTest(TestedBackend().fresh(), std::move(migrations)) {}
  AdminTest(const absl::StatusOr<std::string>& url,
            std::vector<store::Migration> migrations);

  void SetUp() override;
  void TearDown() override;

  Contracts AllContracts() const;
  // The events that wait to be published, in their order.
  std::vector<EventEnvelope> EventsEmitted();
  // An event about `subject` that `actor` caused, with an id of its own.
  EventEnvelope CreatedEvent(const std::string& subject,
                             const std::string& actor = "");
  // One of the users service with this payload, which names `subject`.
  template <typename E>
  EventEnvelope UserEvent(const std::string& subject,
                          typename E::Payload payload) {
    payload.set_user_id(subject);
    EventEnvelope envelope = CreatedEvent(subject);
    envelope.type = std::string(E::kType);
    envelope.payload = payload.SerializeAsString();
    return envelope;
  }
  // Through the listener, as it comes over the bus.
  absl::Status Record(const EventEnvelope& envelope);
  // The trail has given it up.
  void AddDeadLetter(const EventEnvelope& envelope);
  Verified Verify(VerifyRange range = {});
  // What somebody could do who may change tables.
  void Tamper(const std::string& sql);
  void DropTriggers();

  absl::StatusOr<::admin::v1::Admin> Get(const std::string& user_id);
  absl::StatusOr<::admin::v1::Admin> Grant(const std::string& user_id,
                                           std::vector<std::string> permissions,
                                           const std::string& etag = "");
  absl::StatusOr<::admin::v1::Admin> Revoke(
      const std::string& user_id, std::vector<std::string> permissions,
      const std::string& etag = "");
  absl::StatusOr<::admin::v1::Role> Create(
      const std::string& role, std::vector<std::string> permissions);
  absl::StatusOr<::admin::v1::Admin> Assign(const std::string& user_id,
                                            const std::string& role);
  absl::StatusOr<::admin::v1::Admin> Unassign(const std::string& user_id,
                                              const std::string& role);

  const absl::StatusOr<std::string> url_;
  FakeChannel channel_;
  bus::FakeTransport transport_;
  bus::Bus bus_{loop_, transport_, logger_, metrics_};
  ::users::v1::UsersService::Client users_{channel_};
  runtime::BusRpc dead_letters_{bus_, AllContracts(), logger_};
  bus::Inbox audit_inbox_{*database_, kAuditGroup};
  AuditListener audit_{audit_inbox_, clock_, AllContracts()};
  bus::Inbox access_inbox_{*database_, kAccessGroup};
  AccessListener access_{access_inbox_, outbox_, clock_};
  AdminRpc rpc_;
};

}  // namespace millrace::admin

#endif  // MILLRACE_SERVICES_ADMIN_TESTING_ADMIN_TEST_H_
