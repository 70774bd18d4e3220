#include "base/trace.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace millrace {
namespace {

constexpr std::string_view kTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kParent =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, ParsesAndWrites) {
  const auto context = TraceContext::Parse(kParent, "vendor=x, a@b=c");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id_hex(), kTraceId);
  EXPECT_EQ(context->span_id_hex(), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->tracestate, "vendor=x, a@b=c");
  EXPECT_EQ(context->traceparent(), kParent);
}

TEST(Trace, RefusesMalformedParents) {
  for (const std::string_view parent : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    EXPECT_FALSE(TraceContext::Parse(parent).has_value()) << parent;
  }
}

TEST(Trace, AcceptsLaterVersions) {
  const std::string parent = StrCat("cc", kParent.substr(2), "-more");
  const auto context = TraceContext::Parse(parent);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->traceparent(), kParent);
}

TEST(Trace, DropsAMalformedState) {
  for (const std::string_view state :
       {"a", "A=1", "a=", "a=x=y", "@a=1", "a b=1"}) {
    const auto context = TraceContext::Parse(kParent, state);
    ASSERT_TRUE(context.has_value());
    EXPECT_EQ(context->tracestate, "") << state;
  }
}

TEST(Trace, AChildSharesTheTrace) {
  const TraceContext root = TraceContext::NewRoot();
  ASSERT_TRUE(root.valid());
  const TraceContext child = root.Child();
  EXPECT_EQ(child.trace_id, root.trace_id);
  EXPECT_NE(child.span_id, root.span_id);
  EXPECT_FALSE(TraceContext().valid());
}

}  // namespace
}  // namespace millrace
