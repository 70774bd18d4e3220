// Node's test/parallel/test-event-emitter-*.js about removing listeners and
// about their number. A case has the name of its file there.
//
// Without a counterpart here: test-event-emitter-max-listeners-warning-for-null
// and -for-symbol, as events are types; of check-listener-leaks the part that
// changes the default of the whole process, which is a value here: see
// events/emitter_options.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "events/test_support.h"

namespace millrace::events_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(NodeEventEmitter, test_event_emitter_remove_all_listeners) {
  EventLoop loop;
  std::vector<std::string> removed;
  const auto log = [&](const ListenerChange& change) {
    removed.emplace_back(change.event);
  };
  {
    Emitter emitter(loop);
    const auto foo = emitter.On<Foo>([] {});
    const auto bar = emitter.On<Bar>([] {});
    const auto baz = emitter.On<Baz>([] {});
    emitter.On<Baz>(baz);
    const auto before = emitter.Listeners<Baz>();
    emitter.On<RemoveListener>(log);
    emitter.RemoveAllListeners<Bar>();
    emitter.RemoveAllListeners<Baz>();
    EXPECT_THAT(removed, ElementsAre("bar", "baz", "baz"));
    EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(foo));
    EXPECT_THAT(emitter.Listeners<Bar>(), IsEmpty());
    EXPECT_THAT(emitter.Listeners<Baz>(), IsEmpty());
    EXPECT_THAT(before, ElementsAre(baz, baz));
  }
  {
    // The listeners of removeListener go last, the last of them first.
    Emitter emitter(loop);
    emitter.On<Foo>([] {});
    emitter.On<Bar>([] {});
    std::vector<std::string> first, second;
    emitter.On<RemoveListener>(
        [&](const ListenerChange& c) { first.emplace_back(c.event); });
    emitter.On<RemoveListener>(
        [&](const ListenerChange& c) { second.emplace_back(c.event); });
    emitter.RemoveAllListeners();
    EXPECT_THAT(first, ElementsAre("foo", "bar", "removeListener"));
    EXPECT_THAT(second, ElementsAre("foo", "bar"));
    EXPECT_THAT(emitter.EventNames(), IsEmpty());
  }
  {
    Emitter emitter(loop);
    removed.clear();
    emitter.On<RemoveListener>(log);
    emitter.RemoveAllListeners<Foo>();  // there are none
    EXPECT_THAT(removed, IsEmpty());
  }
  {
    Emitter emitter(loop);
    std::vector<size_t> left;
    emitter.On<RemoveListener>(
        [&] { left.push_back(emitter.ListenerCount<Baz>()); });
    for (int i = 0; i < 3; ++i) emitter.On<Baz>([] {});
    emitter.RemoveAllListeners<Baz>();
    EXPECT_THAT(left, ElementsAre(2, 1, 0));
  }
}

TEST(NodeEventEmitter, test_event_emitter_remove_listeners) {
  EventLoop loop;
  {
    Emitter emitter(loop);
    const auto one = emitter.On<Foo>([] {});
    const auto two = emitter.MakeListener<Foo>([] {});
    int told = 0;
    emitter.On<RemoveListener>([&](const ListenerChange& change) {
      ++told;
      EXPECT_EQ(change.event, "foo");
      EXPECT_EQ(change.ListenerOf<Foo>(), one);
    });
    EXPECT_FALSE(emitter.Off<Foo>(two));  // was not added
    EXPECT_EQ(told, 0);
    EXPECT_TRUE(emitter.Off<Foo>(one));
    EXPECT_EQ(told, 1);
    EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
  }
  {
    // Who is told sees the list without the one, and may go on removing.
    Emitter emitter(loop);
    const auto one = emitter.On<Foo>([] {});
    const auto two = emitter.On<Foo>([] {});
    std::vector<std::string> trace;
    emitter.Once<RemoveListener>([&](const ListenerChange& change) {
      EXPECT_EQ(change.ListenerOf<Foo>(), one);
      EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(two));
      emitter.Once<RemoveListener>([&](const ListenerChange& inner) {
        EXPECT_EQ(inner.ListenerOf<Foo>(), two);
        EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
        trace.push_back("inner");
      });
      emitter.Off<Foo>(two);
      trace.push_back("outer");
    });
    emitter.Off<Foo>(one);
    EXPECT_THAT(trace, ElementsAre("inner", "outer"));
    EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
  }
  {
    // Neither is called by an emit from inside.
    Emitter emitter(loop);
    int called = 0, told = 0;
    const auto one = emitter.MakeListener<Foo>([&] { ++called; });
    const auto two = emitter.MakeListener<Foo>([&] { ++called; });
    emitter.On<RemoveListener>([&](const ListenerChange& change) {
      ++told;
      if (!(change.ListenerOf<Foo>() == one)) return;
      emitter.Off<Foo>(two);
      emitter.Emit<Foo>(0);
    });
    emitter.On<Foo>(one);
    emitter.On<Foo>(two);
    emitter.Off<Foo>(one);
    EXPECT_EQ(told, 2);
    EXPECT_EQ(called, 0);
  }
  {
    // A listener that an earlier one removes is still called by this emit.
    Emitter emitter(loop);
    int first = 0, second = 0;
    const auto removed = emitter.MakeListener<Foo>([&] { ++second; });
    emitter.On<Foo>([&] {
      ++first;
      emitter.Off<Foo>(removed);
    });
    emitter.On<Foo>(removed);
    emitter.Emit<Foo>(0);
    emitter.Emit<Foo>(0);
    EXPECT_EQ(first, 2);
    EXPECT_EQ(second, 1);
  }
  {
    // A Once() is reported as what it wraps.
    Emitter emitter(loop);
    const auto once = emitter.Once<Foo>([] {});
    int told = 0;
    emitter.On<RemoveListener>([&](const ListenerChange& change) {
      ++told;
      EXPECT_EQ(change.ListenerOf<Foo>(), once);
    });
    emitter.Emit<Foo>(0);
    EXPECT_EQ(told, 1);
  }
}

// The warnings of an emitter, in words.
struct Warnings {
  explicit Warnings(Emitter& emitter) {
    emitter.OnLeakWarning([this](const LeakWarning& warning) {
      lines.push_back(
          StrCat(warning.event, " ", warning.count, " of ", warning.max));
    });
  }
  std::vector<std::string> lines;
};

template <typename E>
void AddMany(Emitter& emitter, int count) {
  for (int i = 0; i < count; ++i) emitter.On<E>([] {});
}

TEST(NodeEventEmitter, test_event_emitter_check_listener_leaks) {
  EventLoop loop;
  {
    Emitter emitter(loop);
    Warnings warnings(emitter);
    AddMany<Foo>(emitter, 10);
    EXPECT_THAT(warnings.lines, IsEmpty());
    AddMany<Foo>(emitter, 1);
    EXPECT_THAT(warnings.lines, ElementsAre("foo 11 of 10"));
    emitter.SetMaxListeners(5);
    AddMany<Bar>(emitter, 5);
    EXPECT_EQ(warnings.lines.size(), 1u);
    AddMany<Bar>(emitter, 1);
    EXPECT_EQ(warnings.lines.back(), "bar 6 of 5");
    emitter.SetMaxListeners(1);
    AddMany<Baz>(emitter, 1);
    EXPECT_EQ(warnings.lines.size(), 2u);
    AddMany<Baz>(emitter, 1);
    EXPECT_EQ(warnings.lines.back(), "baz 2 of 1");
    emitter.SetMaxListeners(0);
    AddMany<Box>(emitter, 1000);
    EXPECT_EQ(warnings.lines.size(), 3u);
  }
  {
    // A default of one's own, and what is set has precedence.
    const EmitterOptions defaults{.max_listeners = 42};
    Emitter emitter(loop, defaults);
    Warnings warnings(emitter);
    AddMany<Foo>(emitter, 42);
    EXPECT_THAT(warnings.lines, IsEmpty());
    AddMany<Foo>(emitter, 1);
    EXPECT_THAT(warnings.lines, ElementsAre("foo 43 of 42"));
    Emitter other(loop, defaults);
    Warnings others(other);
    other.SetMaxListeners(1);
    AddMany<Foo>(other, 2);
    EXPECT_THAT(others.lines, ElementsAre("foo 2 of 1"));
  }
}

TEST(NodeEventEmitter, test_event_emitter_get_max_listeners) {
  EventLoop loop;
  Emitter emitter(loop);
  EXPECT_EQ(emitter.max_listeners(), kDefaultMaxListeners);
  emitter.SetMaxListeners(0);
  EXPECT_EQ(emitter.max_listeners(), 0u);
  emitter.SetMaxListeners(3);
  EXPECT_EQ(emitter.max_listeners(), 3u);
}

TEST(NodeEventEmitter, test_event_emitter_max_listeners) {
  // Node refuses what is no number; here it does not compile.
  EventLoop loop;
  Emitter emitter(loop);
  int called = 0;
  emitter.On<Foo>([&] { ++called; });
  emitter.SetMaxListeners(42);
  emitter.Emit<Foo>(0);
  EXPECT_EQ(called, 1);
}

TEST(NodeEventEmitter, test_event_emitter_max_listeners_warning) {
  EventLoop loop;
  Emitter emitter(loop);
  emitter.SetMaxListeners(1);
  std::vector<std::string> messages;
  emitter.OnLeakWarning([&](const LeakWarning& warning) {
    EXPECT_EQ(warning.emitter, "letters");
    EXPECT_EQ(warning.event, "foo");
    EXPECT_EQ(warning.count, 2u);
    EXPECT_EQ(warning.max, 1u);
    messages.push_back(warning.Message());
  });
  AddMany<Foo>(emitter, 3);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_THAT(messages[0], HasSubstr("2 listeners of 'foo'"));
  EXPECT_THAT(messages[0], HasSubstr("SetMaxListeners()"));
}

TEST(NodeEventEmitter, test_event_emitter_set_max_listeners_side_effects) {
  EventLoop loop;
  Emitter emitter(loop);
  emitter.SetMaxListeners(5);
  EXPECT_THAT(emitter.EventNames(), IsEmpty());
}

TEST(NodeEventEmitter, test_events_getmaxlisteners) {
  EventLoop loop;
  Emitter one(loop), two(loop);
  const AbortController controller;
  EXPECT_EQ(GetMaxListeners(one), kDefaultMaxListeners);
  EXPECT_EQ(GetMaxListeners(controller.signal()), 0u);
  SetMaxListeners(101, one, two, controller.signal());
  EXPECT_EQ(GetMaxListeners(one), 101u);
  EXPECT_EQ(GetMaxListeners(two), 101u);
  EXPECT_EQ(GetMaxListeners(controller.signal()), 101u);
}

}  // namespace
}  // namespace millrace::events_test
