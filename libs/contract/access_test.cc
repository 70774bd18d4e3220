#include "contract/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "golden/service.millrace.h"

namespace millrace {
namespace {

using absl::StatusCode;
using golden::v1::BoardService;
using golden::v1::DrawRequest;
using testing::ElementsAre;
using testing::HasSubstr;

const MethodInfo& Method(std::string_view name) {
  for (const MethodInfo& method : BoardService::Info().methods) {
    if (method.name == name) return method;
  }
  ADD_FAILURE() << "there is no method " << name;
  return BoardService::Info().methods[0];
}

Identity Known(std::vector<std::string> permissions = {}) {
  return {.subject = "ada", .permissions = std::move(permissions)};
}

const Identity kNobody;

TEST(AccessTest, AnybodyMayCallWhatIsOpen) {
  EXPECT_TRUE(CheckAccess(Method("Look"), kNobody, nullptr).ok());
  EXPECT_TRUE(CheckAccess(Method("Look"), Known(), nullptr).ok());
}

TEST(AccessTest, WhoIsKnownMayCallWhatAsksForNoMore) {
  EXPECT_EQ(CheckAccess(Method("Mirror"), kNobody, nullptr).code(),
            StatusCode::kUnauthenticated);
  EXPECT_TRUE(CheckAccess(Method("Mirror"), Known(), nullptr).ok());
}

TEST(AccessTest, PermissionIsAskedFor) {
  const MethodInfo& reset = Method("Reset");
  EXPECT_EQ(CheckAccess(reset, kNobody, nullptr).code(),
            StatusCode::kUnauthenticated);
  EXPECT_TRUE(CheckAccess(reset, Known({"golden.board.reset"}), nullptr).ok());
  const absl::Status denied =
      CheckAccess(reset, Known({"golden.board.read"}), nullptr);
  EXPECT_EQ(denied.code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(MessageOf(denied),
              HasSubstr("golden.v1.BoardService.Reset needs the permission "
                        "golden.board.reset, which ada does not have"));
}

TEST(AccessTest, PermissionsOfNobodyCountForNothing) {
  const Identity nobody = {.subject = "", .permissions = {"*"}};
  EXPECT_EQ(CheckAccess(Method("Reset"), nobody, nullptr).code(),
            StatusCode::kUnauthenticated);
}

TEST(AccessTest, StarsStandForWholeWords) {
  const std::string asked = "golden.board.reset";
  for (const char* held : {"*", "golden.*", "golden.board.*", asked.c_str()}) {
    EXPECT_TRUE(Covers({held}, asked)) << held;
  }
  for (const char* held :
       {"", "gold*", "golden.board", "golden.board.r*", "board.*", ".*",
        "*.board.reset", "golden.board.*.x", "golden.board.reset.all"}) {
    EXPECT_FALSE(Covers({held}, asked)) << held;
  }
  EXPECT_FALSE(Covers({}, asked));
}

TEST(AccessTest, NamesThatCoverAPermissionDoAndAreAll) {
  EXPECT_THAT(
      NamesThatCover("golden.board.draw"),
      ElementsAre("golden.board.draw", "golden.board.*", "golden.*", "*"));
  EXPECT_THAT(NamesThatCover("golden.*"), ElementsAre("golden.*", "*"));
  EXPECT_THAT(NamesThatCover("draw"), ElementsAre("draw", "*"));
  EXPECT_THAT(NamesThatCover("*"), ElementsAre("*"));
  for (const char* permission : {"golden.board.draw", "golden.*", "*"}) {
    for (const std::string& name : NamesThatCover(permission)) {
      EXPECT_TRUE(Covers({name}, permission)) << name;
    }
  }
}

TEST(AccessTest, WhomTheRequestIsAboutMayCallWithoutPermission) {
  DrawRequest request;
  request.mutable_drawer()->set_id("ada");
  EXPECT_TRUE(CheckAccess(Method("Draw"), Known(), &request).ok());

  request.mutable_drawer()->set_id("bob");
  EXPECT_EQ(CheckAccess(Method("Draw"), Known(), &request).code(),
            StatusCode::kPermissionDenied);
  EXPECT_TRUE(
      CheckAccess(Method("Draw"), Known({"golden.board.draw"}), &request).ok());
}

TEST(AccessTest, NobodyIsNotWhomAnEmptyFieldNames) {
  const DrawRequest request;
  EXPECT_EQ(CheckAccess(Method("Draw"), kNobody, &request).code(),
            StatusCode::kUnauthenticated);
}

TEST(AccessTest, SelfAloneLetsNobodyElseIn) {
  golden::Person person;
  person.set_id("ada");
  EXPECT_TRUE(CheckAccess(Method("Introduce"), Known(), &person).ok());
  person.set_id("bob");
  EXPECT_EQ(CheckAccess(Method("Introduce"), Known({"*"}), &person).code(),
            StatusCode::kPermissionDenied);
}

TEST(AccessTest, MethodThatSaysNothingLetsNobodyIn) {
  const MethodInfo silent = {.name = "Silent", .path = "/x.Y/Silent"};
  EXPECT_EQ(CheckAccess(silent, Known({"*"}), nullptr).code(),
            StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace millrace
