// The conversions that the contract compiler writes, over random messages and
// against slow oracles that know messages by reflection.
#include "contract/derived.h"

#include <gmock/gmock.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/field_mask_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "contract/errors.h"
#include "contract/rules.h"
#include "contract/testing/random_message.h"
#include "rich/rich.derived.millrace.h"
#include "rich/rich.millrace.h"

namespace millrace {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using rich::Product;
using rich::ProductContact;
using rich::ProductLabel;
using rich::ProductPatch;
using rich::ProductView;
using rich::Stock;
using rich::StockedProduct;

constexpr int kMessages = 300;

// Equal messages have equal bytes: maps are sorted, and NaN is NaN.
std::string Bytes(const pb::Message& message) {
  std::string bytes;
  pb::io::StringOutputStream stream(&bytes);
  pb::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// What the bytes of the messages, one after the other, are as another message.
template <typename To>
To Parsed(const std::vector<const pb::Message*>& messages) {
  To to;
  for (const pb::Message* message : messages) {
    EXPECT_TRUE(to.MergeFromString(message->SerializeAsString()));
  }
  to.DiscardUnknownFields();
  return to;
}

template <typename M>
M Random(std::mt19937* random) {
  M message;
  Randomize(random, 2, &message);
  M normal;  // keys of maps are there once
  EXPECT_TRUE(normal.ParseFromString(message.SerializeAsString()));
  return normal;
}

// A derived message of one source, and the conversions between them.
template <typename D>
struct Conversions;

#define MILLRACE_CONVERSIONS(D)                                      \
  template <>                                                        \
  struct Conversions<D> {                                            \
    static D From(const Product& product) { return To##D(product); } \
    static D From(Product&& p) { return To##D(std::move(p)); }       \
  }
MILLRACE_CONVERSIONS(ProductView);
MILLRACE_CONVERSIONS(ProductPatch);
MILLRACE_CONVERSIONS(ProductContact);
MILLRACE_CONVERSIONS(ProductLabel);
#undef MILLRACE_CONVERSIONS

template <typename D>
class DerivedTest : public testing::Test {};

using DerivedTypes =
    testing::Types<ProductView, ProductPatch, ProductContact, ProductLabel>;
TYPED_TEST_SUITE(DerivedTest, DerivedTypes);

TYPED_TEST(DerivedTest, AConversionGivesWhatParsingGives) {
  std::mt19937 random(1);
  for (int i = 0; i < kMessages; ++i) {
    Product product = Random<Product>(&random);
    const auto parsed = Bytes(Parsed<TypeParam>({&product}));
    ASSERT_EQ(Bytes(Conversions<TypeParam>::From(product)), parsed);
    ASSERT_EQ(Bytes(Conversions<TypeParam>::From(std::move(product))), parsed);
  }
}

TYPED_TEST(DerivedTest, TheWayBackGivesWhatParsingGives) {
  std::mt19937 random(2);
  for (int i = 0; i < kMessages; ++i) {
    auto derived = Random<TypeParam>(&random);
    const auto parsed = Bytes(Parsed<Product>({&derived}));
    ASSERT_EQ(Bytes(ToProduct(derived)), parsed);
    ASSERT_EQ(Bytes(ToProduct(std::move(derived))), parsed);
  }
}

// Clears in the product the fields that are set in the derived message, and
// merges them.
void SlowlyApply(const pb::Message& derived, Product* product) {
  std::vector<const FieldDescriptor*> set;
  derived.GetReflection()->ListFields(derived, &set);
  for (const FieldDescriptor* field : set) {
    product->GetReflection()->ClearField(
        product, Product::descriptor()->FindFieldByNumber(field->number()));
  }
  ASSERT_TRUE(product->MergeFromString(derived.SerializeAsString()));
}

TYPED_TEST(DerivedTest, WhatIsSetIsApplied) {
  std::mt19937 random(3);
  for (int i = 0; i < kMessages; ++i) {
    auto derived = Random<TypeParam>(&random);
    Product product = Random<Product>(&random);
    Product expected = product;
    SlowlyApply(derived, &expected);
    Product moved = product;
    ApplyTo(derived, &product);
    ASSERT_EQ(Bytes(product), Bytes(expected));
    ApplyTo(std::move(derived), &moved);
    ASSERT_EQ(Bytes(moved), Bytes(expected));
  }
}

bool IsEntered(const FieldDescriptor* field) {
  return field->message_type() != nullptr && !field->is_repeated() &&
         field->message_type()->file()->package() != "google.protobuf";
}

// A path into a message of this type.
std::string RandomPath(const pb::Descriptor* type, std::mt19937* random) {
  std::string path;
  for (;;) {
    const FieldDescriptor* field =
        type->field(static_cast<int>((*random)() % type->field_count()));
    StrAppend(&path, path.empty() ? "" : ".", field->name());
    if (!IsEntered(field) || (*random)() % 2 == 0) return path;
    type = field->message_type();
  }
}

// Assigns the field at the path, or clears it when it is not set.
void SlowlyAssign(const std::string& path, const pb::Message& from,
                  pb::Message* to) {
  const pb::Reflection* read = from.GetReflection();
  const pb::Reflection* write = to->GetReflection();
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      to->GetDescriptor()->FindFieldByName(path.substr(0, dot));
  if (dot != path.npos) {
    if (!read->HasField(from, field) && !write->HasField(*to, field)) return;
    SlowlyAssign(path.substr(dot + 1), read->GetMessage(from, field),
                 write->MutableMessage(to, field));
    return;
  }
  const std::unique_ptr<pb::Message> only(from.New());
  only->CopyFrom(from);
  std::vector<const FieldDescriptor*> set;
  read->ListFields(from, &set);
  for (const FieldDescriptor* other : set) {
    if (other != field) only->GetReflection()->ClearField(only.get(), other);
  }
  write->ClearField(to, field);
  to->MergeFrom(*only);
}

TYPED_TEST(DerivedTest, WhatAMaskNamesIsApplied) {
  std::mt19937 random(4);
  for (int i = 0; i < kMessages; ++i) {
    const auto derived = Random<TypeParam>(&random);
    const Product from = Parsed<Product>({&derived});
    Product product = Random<Product>(&random);
    Product expected = product;
    pb::FieldMask mask;
    for (size_t j = random() % 8; j > 0; --j) {
      mask.add_paths(RandomPath(TypeParam::descriptor(), &random));
      SlowlyAssign(mask.paths(mask.paths_size() - 1), from, &expected);
    }
    const absl::Status status = ApplyTo(derived, mask, &product);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(Bytes(product), Bytes(expected))
        << pb::util::FieldMaskUtil::ToString(mask);
  }
}

TYPED_TEST(DerivedTest, AStarNamesAllFields) {
  std::mt19937 random(5);
  for (int i = 0; i < kMessages; ++i) {
    const auto derived = Random<TypeParam>(&random);
    const Product from = Parsed<Product>({&derived});
    Product product = Random<Product>(&random);
    Product expected = product;
    for (int j = 0; j < TypeParam::descriptor()->field_count(); ++j) {
      SlowlyAssign(TypeParam::descriptor()->field(j)->name(), from, &expected);
    }
    pb::FieldMask mask;
    mask.add_paths("*");
    ASSERT_TRUE(ApplyTo(derived, mask, &product).ok());
    ASSERT_EQ(Bytes(product), Bytes(expected));
  }
}

TEST(DerivedMask, APathThatNamesNothingChangesNothing) {
  ProductPatch patch;
  patch.set_name("new");
  const struct {
    std::string path, violation;
  } cases[] = {
      {"nmae", "'nmae' is no field of ProductPatch; did you mean 'name'?"},
      // Fields of Product that the patch has not.
      {"id", "'id' is no field of ProductPatch"},
      {"create_time", "'create_time' is no field of ProductPatch"},
      // Behind a text, a list, a map and a time there is nothing to name.
      {"name.x", "'name.x' is no field of ProductPatch"},
      {"parts.name", "'parts.name' is no field of ProductPatch"},
      {"places.a", "'places.a' is no field of ProductPatch"},
      {"delay.seconds", "'delay.seconds' is no field of ProductPatch"},
      {"home.streat", "'home.streat' is no field of ProductPatch"},
      {"home.", "'home.' is no field of ProductPatch"},
      {".name", "'.name' is no field of ProductPatch"},
      {"", "'' is no field of ProductPatch"},
      {"name.*", "'name.*' is no field of ProductPatch"},
  };
  for (const auto& [path, violation] : cases) {
    pb::FieldMask mask;
    mask.add_paths("name");
    mask.add_paths(path);
    Product product;
    product.set_name("old");
    const absl::Status status = ApplyTo(patch, mask, &product);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << path;
    ASSERT_EQ(Violations(status).size(), 1u) << path;
    EXPECT_EQ(Violations(status)[0].field, "update_mask");
    EXPECT_THAT(Violations(status)[0].description,
                testing::StartsWith(violation));
    EXPECT_EQ(product.name(), "old") << path;
  }
}

TEST(DerivedMask, WhatIsOnNeitherSideStaysAway) {
  pb::FieldMask mask;
  mask.add_paths("home.area.name");
  Product product;
  ASSERT_TRUE(ApplyTo(ProductPatch(), mask, &product).ok());
  EXPECT_FALSE(product.has_home());

  product.mutable_home()->mutable_area()->set_name("old");
  ASSERT_TRUE(ApplyTo(ProductPatch(), mask, &product).ok());
  EXPECT_TRUE(product.home().has_area());
  EXPECT_EQ(product.home().area().name(), "");
}

TEST(DerivedUnknownFields, StayBehind) {
  Product product;
  product.set_purchase_price(3.5);
  product.GetReflection()->MutableUnknownFields(&product)->AddVarint(999, 1);
  ProductView parsed;
  ASSERT_TRUE(parsed.ParseFromString(product.SerializeAsString()));
  EXPECT_NE(parsed.SerializeAsString(), "");  // which is why one converts
  EXPECT_EQ(ToProductView(product).SerializeAsString(), "");

  // Those of what is applied to stay where they are.
  ProductView view;
  view.set_name("n");
  ApplyTo(view, &product);
  EXPECT_EQ(product.GetReflection()->GetUnknownFields(product).field_count(),
            1);
}

TEST(DerivedExtend, IsItsBasesOneAfterTheOther) {
  std::mt19937 random(6);
  for (int i = 0; i < kMessages; ++i) {
    Product product = Random<Product>(&random);
    Stock stock = Random<Stock>(&random);
    const StockedProduct stocked = ToStockedProduct(product, stock);
    ASSERT_EQ(Bytes(stocked),
              Bytes(Parsed<StockedProduct>({&product, &stock})));
    ASSERT_EQ(Bytes(ToStock(stocked)), Bytes(stock));
    const std::string base = Bytes(ToProduct(stocked));
    const StockedProduct again = ToStockedProduct(ToProduct(stocked), stock);
    ASSERT_EQ(Bytes(again), Bytes(stocked));

    // One base after the other, into another one's place.
    StockedProduct assigned = Random<StockedProduct>(&random);
    Assign(product, &assigned);
    ASSERT_EQ(Bytes(ToProduct(assigned)), base);
    Assign(stock, &assigned);
    ASSERT_EQ(Bytes(assigned), Bytes(stocked));

    ASSERT_EQ(Bytes(ToStockedProduct(std::move(product), std::move(stock))),
              Bytes(stocked));
  }
}

TEST(DerivedExtend, AMaskReachesAllBases) {
  StockedProduct stocked;
  stocked.set_name("new");
  stocked.set_shelf("A7");
  stocked.set_amount(3);
  pb::FieldMask mask;
  mask.add_paths("name");
  mask.add_paths("shelf");
  Product product;
  Stock stock;
  ASSERT_TRUE(ApplyTo(stocked, mask, &product, &stock).ok());
  EXPECT_EQ(product.name(), "new");
  EXPECT_EQ(stock.shelf(), "A7");
  EXPECT_EQ(stock.amount(), 0);
}

TEST(DerivedRecord, FindsByKey) {
  pb::RepeatedPtrField<Product> products;
  for (const char* id : {"a", "b", "a"}) {
    Product* product = products.Add();
    product->set_id(id);
    product->set_count(products.size());
  }
  const rich::ProductsById copied = ToProductsById(products);
  const rich::ProductsById moved = ToProductsById(std::move(products));
  for (const rich::ProductsById* by_id : {&copied, &moved}) {
    EXPECT_EQ(by_id->entries_size(), 2);
    ASSERT_NE(Find(*by_id, "a"), nullptr);
    EXPECT_EQ(Find(*by_id, "a")->count(), 3);
    EXPECT_EQ(Find(*by_id, "c"), nullptr);
  }
}

// Options are kept, so that derived messages have validators.
TEST(DerivedRules, APartialDemandsNothingAndChecksWhatIsThere) {
  EXPECT_TRUE(rules::Validate<ProductPatch>(ProductPatch()).ok());
  EXPECT_FALSE(rules::Validate<ProductView>(ProductView()).ok());
  ProductPatch patch;
  patch.set_name("");
  patch.set_count(-1);
  patch.mutable_home();
  EXPECT_EQ(rules::Validate<ProductPatch>(patch).message(),
            "name: must have at least 1 characters, has 0; count: must be at "
            "least 0, is -1; home.street: must be set");
}

}  // namespace
}  // namespace millrace
