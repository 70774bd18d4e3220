#include "tools/clients/prepare/prepare.h"

#include <gmock/gmock.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/strings.h"
#include "millrace/v1/contract.pb.h"

namespace millrace::clients {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Files in memory, the options of contracts from proto/.
class Tree : public google::protobuf::compiler::SourceTree {
 public:
  Tree() {
    disk_.MapPath("", "proto");
    disk_.MapPath("", "/usr/include");
  }
  void Add(const std::string& name, const std::string& text) {
    files_[name] = text;
  }
  google::protobuf::io::ZeroCopyInputStream* Open(
      const std::string& name) override {
    const auto found = files_.find(name);
    if (found == files_.end()) return disk_.Open(name);
    return new google::protobuf::io::ArrayInputStream(
        found->second.data(), static_cast<int>(found->second.size()));
  }

 private:
  google::protobuf::compiler::DiskSourceTree disk_;
  std::map<std::string, std::string> files_;
};

class Errors : public google::protobuf::compiler::MultiFileErrorCollector {
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    ADD_FAILURE() << file << ":" << line + 1 << ":" << column << ": "
                  << message;
  }
};

// As protoc --include_imports --include_source_info writes it.
class PrepareTest : public ::testing::Test {
 protected:
  void Add(const std::string& name, const std::string& body) {
    tree_.Add(name, "syntax = \"proto3\";\n" + body);
    names_.push_back(name);
  }

  FileDescriptorSet Set() {
    Errors errors;
    google::protobuf::compiler::Importer importer(&tree_, &errors);
    FileDescriptorSet set;
    std::set<std::string> seen;
    for (const std::string& name : names_) {
      Collect(importer.Import(name), &seen, &set);
    }
    FileDescriptorSet read;  // as a program that knows the options
    read.ParseFromString(set.SerializeAsString());
    return read;
  }

  std::vector<std::string> Run(const PrepareOptions& options = {}) {
    set_ = Set();
    const auto names = Prepare(options, &set_);
    EXPECT_TRUE(names.ok()) << names.status();
    return names.ok() ? *names : std::vector<std::string>();
  }

  const FileDescriptorProto* Find(const std::string& name) const {
    for (const auto& file : set_.file()) {
      if (file.name() == name) return &file;
    }
    return nullptr;
  }

  FileDescriptorSet set_;

 private:
  void Collect(const google::protobuf::FileDescriptor* file,
               std::set<std::string>* seen, FileDescriptorSet* set) {
    ASSERT_NE(file, nullptr);
    if (!seen->insert(file->name()).second) return;
    for (int i = 0; i < file->dependency_count(); ++i) {
      Collect(file->dependency(i), seen, set);
    }
    auto* proto = set->add_file();
    file->CopyTo(proto);
    file->CopySourceCodeInfoTo(proto);
  }

  Tree tree_;
  std::vector<std::string> names_;
};

constexpr char kPeople[] = R"(
package people.v1;
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "millrace/v1/contract.proto";

// Heard by others.
service PersonEvents {
  option (millrace.v1.emitter) = {topic: "people.v1.events"};
  // Came.
  rpc Came(Person) returns (google.protobuf.Empty) {
    option (millrace.v1.event) = {key: "id"};
  }
}
// Called by others.
service PeopleService {
  // Reads.
  rpc GetPerson(Person) returns (Person) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}
message Person {
  string id = 1 [(millrace.v1.rules) = {required: true}, deprecated = true];
  string secret = 2 [(millrace.v1.sensitive) = true];
  google.protobuf.Timestamp born = 3;
}
)";

TEST_F(PrepareTest, EmittersGoAndTheirPayloadsStay) {
  Add("people/v1/people.proto", kPeople);
  EXPECT_THAT(Run(), ElementsAre("people/v1/people.proto"));
  const auto* file = Find("people/v1/people.proto");
  ASSERT_EQ(file->service_size(), 1);
  EXPECT_EQ(file->service(0).name(), "PeopleService");
  EXPECT_EQ(file->message_type_size(), 1);
}

TEST_F(PrepareTest, CommentsStayWithWhatTheyAreAbout) {
  Add("people/v1/people.proto", kPeople);
  Run();
  google::protobuf::DescriptorPool pool;
  for (const auto& file : set_.file()) ASSERT_NE(pool.BuildFile(file), nullptr);
  google::protobuf::SourceLocation place;
  ASSERT_TRUE(pool.FindServiceByName("people.v1.PeopleService")
                  ->GetSourceLocation(&place));
  EXPECT_EQ(place.leading_comments, " Called by others.\n");
  ASSERT_TRUE(pool.FindMethodByName("people.v1.PeopleService.GetPerson")
                  ->GetSourceLocation(&place));
  EXPECT_EQ(place.leading_comments, " Reads.\n");
}

TEST_F(PrepareTest, OnlyTheOptionsOfTheStandardStay) {
  Add("people/v1/people.proto", kPeople);
  Run();
  const auto* file = Find("people/v1/people.proto");
  EXPECT_EQ(file->service(0).method(0).options().idempotency_level(),
            google::protobuf::MethodOptions::NO_SIDE_EFFECTS);
  const auto& id = file->message_type(0).field(0).options();
  EXPECT_TRUE(id.deprecated());
  EXPECT_FALSE(id.HasExtension(millrace::v1::rules));
  const std::string bytes = file->SerializeAsString();
  EXPECT_THAT(bytes, ::testing::Not(HasSubstr("people.v1.events")));
}

TEST_F(PrepareTest, SensitiveIsDebugRedact) {
  Add("people/v1/people.proto", kPeople);
  Run();
  const auto& fields = Find("people/v1/people.proto")->message_type(0).field();
  // Field 16, a varint of 1.
  EXPECT_EQ(fields[1].options().SerializeAsString(), "\x80\x01\x01");
  EXPECT_FALSE(fields[2].has_options());
}

TEST_F(PrepareTest, ImportsThatNothingNeedsGo) {
  Add("people/v1/people.proto", kPeople);
  Run();
  EXPECT_THAT(Find("people/v1/people.proto")->dependency(),
              ElementsAre("google/protobuf/timestamp.proto"));
  EXPECT_EQ(Find("millrace/v1/contract.proto"), nullptr);
  EXPECT_EQ(Find("google/protobuf/empty.proto"), nullptr);
  EXPECT_NE(Find("google/protobuf/timestamp.proto"), nullptr);
}

TEST_F(PrepareTest, PublicImportsStayAndAreCountedAnew) {
  Add("a/v1/kinds.proto", "package a.v1; enum Kind { KIND_UNSPECIFIED = 0; }");
  Add("a/v1/all.proto", R"(package a.v1;
      import "millrace/v1/contract.proto";
      import public "a/v1/kinds.proto";
      message All { string id = 1 [(millrace.v1.sensitive) = true]; })");
  Add("a/v1/user.proto", R"(package a.v1;
      import "a/v1/all.proto";
      message User { Kind kind = 1; })");
  Run();
  EXPECT_THAT(Find("a/v1/all.proto")->dependency(),
              ElementsAre("a/v1/kinds.proto"));
  EXPECT_THAT(Find("a/v1/all.proto")->public_dependency(), ElementsAre(0));
  EXPECT_THAT(Find("a/v1/user.proto")->dependency(),
              ElementsAre("a/v1/all.proto"));
}

TEST_F(PrepareTest, FileThatIsEmptyAfterwardsIsNotGenerated) {
  Add("a/v1/payload.proto", "package a.v1; message Came { string id = 1; }");
  Add("a/v1/events.proto", R"(package a.v1;
      import "google/protobuf/empty.proto";
      import "a/v1/payload.proto";
      import "millrace/v1/contract.proto";
      service Events {
        option (millrace.v1.emitter) = {topic: "a"};
        rpc Came(a.v1.Came) returns (google.protobuf.Empty);
      })");
  EXPECT_THAT(Run(), ElementsAre("a/v1/payload.proto"));
}

TEST_F(PrepareTest, OptionsFileStaysWhenAMessageNeedsIt) {
  Add("a/v1/topics.proto", R"(package a.v1;
      import "millrace/v1/contract.proto";
      message Topic { millrace.v1.Emitter options = 1; })");
  EXPECT_THAT(Run(),
              ElementsAre("millrace/v1/contract.proto", "a/v1/topics.proto"));
}

TEST_F(PrepareTest, NamesPackagesForGoAndJava) {
  Add("people/v1/person_list.derived.proto",
      "package people.v1; message People {}");
  Run({.go_module = "example.org/client", .java_package = "org.example"});
  const auto& names = Find("people/v1/person_list.derived.proto")->options();
  EXPECT_EQ(names.go_package(), "example.org/client/people/v1;peoplev1");
  EXPECT_EQ(names.java_package(), "org.example.people.v1");
  EXPECT_EQ(names.java_outer_classname(), "PersonListDerivedProto");
  EXPECT_TRUE(names.java_multiple_files());
}

TEST_F(PrepareTest, GoogleRpcIsTheOneOfThePublicPackages) {
  Add("a/v1/a.proto", R"(package a.v1; import "google/rpc/status.proto";
      message A { google.rpc.Status status = 1; })");
  const PrepareOptions options = {.file_prefix = "client/",
                                  .go_module = "example.org/client",
                                  .java_package = "org.example"};
  EXPECT_THAT(Run(options), ElementsAre("client/a/v1/a.proto"));
  const auto& names = Find("google/rpc/status.proto")->options();
  EXPECT_EQ(names.go_package(),
            "google.golang.org/genproto/googleapis/rpc/status");
  EXPECT_EQ(names.java_package(), "com.google.rpc");
}

TEST_F(PrepareTest, GoogleRpcIsGeneratedWhereThereIsNoPackageOfIt) {
  Add("google/rpc/error_details.proto", "package google.rpc; message Help {}");
  EXPECT_THAT(Run(), IsEmpty());
  EXPECT_THAT(Run({.with_google_rpc = true}),
              ElementsAre("google/rpc/error_details.proto"));
}

TEST_F(PrepareTest, PrefixIsInNamesAndImports) {
  Add("a/v1/kinds.proto", "package a.v1; enum Kind { KIND_UNSPECIFIED = 0; }");
  Add("a/v1/a.proto", R"(package a.v1; import "a/v1/kinds.proto";
      import "google/protobuf/any.proto";
      message A { Kind kind = 1; google.protobuf.Any any = 2; })");
  EXPECT_THAT(Run({.file_prefix = "client/"}),
              ElementsAre("client/a/v1/kinds.proto", "client/a/v1/a.proto"));
  EXPECT_THAT(
      Find("client/a/v1/a.proto")->dependency(),
      ElementsAre("client/a/v1/kinds.proto", "google/protobuf/any.proto"));
}

TEST_F(PrepareTest, IncompleteSetIsRefused) {
  FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_name("a.proto");
  file->add_dependency("gone.proto");
  const auto names = Prepare({}, &set);
  EXPECT_EQ(names.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(names.status())), HasSubstr("gone.proto"));
}

}  // namespace
}  // namespace millrace::clients
