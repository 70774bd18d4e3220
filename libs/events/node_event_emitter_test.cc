// Node's test/parallel/test-event-emitter-*.js, as far as they are about the
// calling and the lists of listeners. A case has the name of its file there.
//
// Without a counterpart here:
// - test-event-emitter-emit-context: a listener has no `this`.
// - test-event-emitter-special-event-names, -symbols, -method-names: events are
//   types, so no name can collide with a property and none is a symbol.
// - test-events-customevent: a payload is a type of the contract.
// Listeners that are no functions do not compile; the null one is the Listener
// that is not valid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "events/test_support.h"

namespace millrace::events_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NodeEventEmitter, test_event_emitter_add_listeners) {
  EventLoop loop;
  {
    Emitter emitter(loop);
    std::vector<std::string> added;
    emitter.On<NewListener>([&](const ListenerChange& change) {
      added.emplace_back(change.event);
    });
    std::vector<int> calls;
    const auto hello =
        emitter.MakeListener<Foo>([&](const int& n) { calls.push_back(n); });
    bool told = false;
    emitter.Once<NewListener>([&](const ListenerChange& change) {
      told = true;
      EXPECT_EQ(change.ListenerOf<Foo>(), hello);
      EXPECT_FALSE(change.ListenerOf<Bar>().valid());
      EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
    });
    emitter.AddListener<Foo>(hello);
    EXPECT_TRUE(told);
    emitter.Once<Bar>([] {});
    EXPECT_THAT(added, ElementsAre("newListener", "foo", "bar"));
    emitter.Emit<Foo>(5);
    EXPECT_THAT(calls, ElementsAre(5));
  }
  {
    // Who is told first may add first.
    Emitter emitter(loop);
    const auto first = emitter.MakeListener<Foo>([] {});
    const auto second = emitter.MakeListener<Foo>([] {});
    emitter.Once<NewListener>([&] {
      EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
      emitter.Once<NewListener>(
          [&] { EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty()); });
      emitter.On<Foo>(second);
    });
    emitter.On<Foo>(first);
    EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(second, first));
  }
}

TEST(NodeEventEmitter, test_event_emitter_invalid_listener) {
  EventLoop loop;
  Emitter emitter(loop);
  EXPECT_THROW(emitter.On<Foo>(Listener<Foo>()), StatusError);
  EXPECT_THROW(emitter.Once<Foo>(Listener<Foo>()), StatusError);
  EXPECT_FALSE(emitter.Off<Foo>(Listener<Foo>()));
  EXPECT_THAT(emitter.EventNames(), IsEmpty());
}

TEST(NodeEventEmitter, test_event_emitter_error_monitor) {
  EventLoop loop;
  Emitter emitter(loop);
  const std::exception_ptr error = ErrorOf("mine");
  int monitored = 0;
  emitter.On<ErrorMonitor>([&](const std::exception_ptr& seen) {
    EXPECT_EQ(seen, error);
    ++monitored;
  });
  EXPECT_THROW(emitter.Emit<ErrorEvent>(error), std::runtime_error);
  int handled = 0;
  emitter.Once<ErrorEvent>([&] { ++handled; });
  EXPECT_TRUE(emitter.Emit<ErrorEvent>(error));
  EXPECT_EQ(handled, 1);
  // A promise of the next event listens, too.
  const auto next = emitter.Once<Bar>();
  EXPECT_TRUE(emitter.Emit<ErrorEvent>(error));
  EXPECT_EQ(monitored, 3);
  std::exception_ptr rejected;
  const auto done = next.Catch([&](std::exception_ptr e) {
    rejected = e;
    return std::string();
  });
  emitter.On<Foo>([] {});
  emitter.Emit<Foo>(1);
  loop.Run();
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(rejected, error);
  EXPECT_EQ(monitored, 3);
}

TEST(NodeEventEmitter, test_event_emitter_errors) {
  EventLoop loop;
  Emitter emitter(loop);
  try {
    emitter.Emit<ErrorEvent>(ErrorOf("accepted"));
    FAIL() << "an error without a listener was not thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "accepted");
  }
  // Of any type.
  EXPECT_THROW(emitter.Emit<ErrorEvent>(std::make_exception_ptr(7)), int);
}

TEST(NodeEventEmitter, test_event_emitter_no_error_provided_to_error_event) {
  EventLoop loop;
  Emitter emitter(loop);
  EXPECT_THROW(emitter.Emit<ErrorEvent>(nullptr), StatusError);
  bool called = false;
  emitter.On<ErrorEvent>([&](const std::exception_ptr& error) {
    EXPECT_EQ(error, nullptr);
    called = true;
  });
  EXPECT_TRUE(emitter.Emit<ErrorEvent>(nullptr));
  EXPECT_TRUE(called);
}

TEST(NodeEventEmitter, test_events_uncaught_exception_stack) {
  EventLoop loop;
  Emitter emitter(loop);
  const std::exception_ptr error = ErrorOf("as it is");
  std::exception_ptr uncaught;
  loop.OnUncaught([&](std::exception_ptr e) { uncaught = e; });
  loop.NextTick([&] { emitter.Emit<ErrorEvent>(error); });
  loop.Run();
  // Nothing was wrapped around it.
  EXPECT_EQ(uncaught, error);
}

TEST(NodeEventEmitter, test_event_emitter_listener_count) {
  EventLoop loop;
  Emitter emitter(loop);
  emitter.On<Foo>([] {});
  emitter.On<Foo>([] {});
  emitter.On<Baz>([] {});
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 2u);
  EXPECT_EQ(emitter.ListenerCount<Bar>(), 0u);
  EXPECT_EQ(emitter.ListenerCount<Baz>(), 1u);
}

TEST(NodeEventEmitter, test_events_listener_count_with_listener) {
  EventLoop loop;
  Emitter emitter(loop);
  int calls = 0;
  int others = 0;
  const auto handler = emitter.MakeListener<Foo>([&] { ++calls; });
  const auto other = emitter.MakeListener<Foo>([&] { ++others; });
  const auto counts = [&] {
    return std::vector<size_t>{emitter.ListenerCount<Foo>(),
                               emitter.ListenerCount<Foo>(handler),
                               emitter.ListenerCount<Foo>(other)};
  };
  EXPECT_THAT(counts(), ElementsAre(0, 0, 0));
  emitter.On<Foo>(handler);
  EXPECT_THAT(counts(), ElementsAre(1, 1, 0));
  emitter.Once<Foo>(other);
  EXPECT_THAT(counts(), ElementsAre(2, 1, 1));
  emitter.Once<Foo>(handler);
  EXPECT_THAT(counts(), ElementsAre(3, 2, 1));
  emitter.Emit<Foo>(0);
  EXPECT_THAT(counts(), ElementsAre(1, 1, 0));
  emitter.Emit<Foo>(0);
  EXPECT_THAT(counts(), ElementsAre(1, 1, 0));
  emitter.RemoveListener<Foo>(handler);
  EXPECT_THAT(counts(), ElementsAre(0, 0, 0));
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(others, 1);
}

TEST(NodeEventEmitter, test_event_emitter_listeners_side_effects) {
  EventLoop loop;
  Emitter emitter(loop);
  EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
  EXPECT_THAT(emitter.EventNames(), IsEmpty());
  const auto one = emitter.On<Foo>([] {});
  EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(one));
  EXPECT_THAT(emitter.Listeners<Bar>(), IsEmpty());
  EXPECT_THAT(emitter.EventNames(), ElementsAre("foo"));
  const auto two = emitter.On<Foo>([] {});
  EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(one, two));
}

TEST(NodeEventEmitter, test_event_emitter_listeners) {
  EventLoop loop;
  Emitter emitter(loop);
  const auto one = emitter.On<Foo>([] {});
  auto copy = emitter.Listeners<Foo>();
  // What was given is a copy, and stays one.
  const auto two = emitter.MakeListener<Foo>([] {});
  copy.push_back(two);
  EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(one));
  emitter.Once<Foo>(two);
  EXPECT_THAT(emitter.Listeners<Foo>(), ElementsAre(one, two));
  emitter.RemoveAllListeners<Foo>();
  EXPECT_THAT(emitter.Listeners<Foo>(), IsEmpty());
  EXPECT_THAT(copy, ElementsAre(one, two));

  // The wrappers, each with what it wraps.
  emitter.On<Foo>(one);
  emitter.Once<Foo>(one);
  const auto raw = emitter.RawListeners<Foo>();
  ASSERT_EQ(raw.size(), 2u);
  EXPECT_EQ(raw[0], one);
  EXPECT_FALSE(raw[1] == one);
  EXPECT_EQ(raw[1].original(), one);
  emitter.Emit<Foo>(1);
  EXPECT_EQ(raw[1].original(), one);
}

TEST(NodeEventEmitter, test_event_emitter_modify_in_emit) {
  EventLoop loop;
  Emitter emitter(loop);
  std::vector<int> called;
  Listener<Foo> first, second, third;
  second = emitter.MakeListener<Foo>([&] {
    called.push_back(2);
    emitter.Off<Foo>(second);
  });
  third = emitter.MakeListener<Foo>([&] {
    called.push_back(3);
    emitter.Off<Foo>(third);
  });
  first = emitter.On<Foo>([&] {
    called.push_back(1);
    emitter.On<Foo>(second);
    emitter.On<Foo>(third);
    emitter.Off<Foo>(first);
  });
  emitter.Emit<Foo>(0);
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 2u);
  EXPECT_THAT(called, ElementsAre(1));
  emitter.Emit<Foo>(0);
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);
  EXPECT_THAT(called, ElementsAre(1, 2, 3));
  EXPECT_FALSE(emitter.Emit<Foo>(0));
  emitter.On<Foo>(first);
  emitter.On<Foo>(second);
  emitter.RemoveAllListeners<Foo>();
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);

  // Who removes itself does not take the next one's turn.
  called.clear();
  emitter.On<Foo>(second);
  emitter.On<Foo>(third);
  emitter.Emit<Foo>(0);
  EXPECT_THAT(called, ElementsAre(2, 3));
  EXPECT_EQ(emitter.ListenerCount<Foo>(), 0u);
}

TEST(NodeEventEmitter, test_event_emitter_num_args) {
  // One payload, which a listener takes or not.
  EventLoop loop;
  Emitter emitter(loop);
  std::vector<std::string> called;
  for (int i = 0; i < 2; ++i) {
    emitter.On<Bar>([&] { called.push_back("none"); });
    emitter.On<Bar>([&](const std::string& text) { called.push_back(text); });
  }
  emitter.Emit<Bar>("one");
  EXPECT_THAT(called, ElementsAre("none", "one", "none", "one"));
}

TEST(NodeEventEmitter, test_event_emitter_once) {
  EventLoop loop;
  Emitter emitter(loop);
  std::vector<int> called;
  emitter.Once<Foo>([&](const int& n) { called.push_back(n); });
  for (int i = 1; i <= 4; ++i) emitter.Emit<Foo>(i);
  EXPECT_THAT(called, ElementsAre(1));

  const auto never = emitter.MakeListener<Foo>([&] { called.push_back(-1); });
  emitter.Once<Foo>(never);
  emitter.Off<Foo>(never);
  emitter.Emit<Foo>(5);
  EXPECT_THAT(called, ElementsAre(1));

  // Emits from inside find it gone, and the other one still there.
  int outer = 0, other = 0;
  emitter.Once<Baz>([&] {
    ++outer;
    emitter.Emit<Baz>(0);
  });
  emitter.Once<Baz>([&] { ++other; });
  emitter.Emit<Baz>(0);
  EXPECT_EQ(outer, 1);
  EXPECT_EQ(other, 1);
}

TEST(NodeEventEmitter, test_event_emitter_prepend) {
  EventLoop loop;
  Emitter emitter(loop);
  std::vector<int> called;
  emitter.On<Foo>([&] { called.push_back(2); });
  emitter.PrependListener<Foo>([&] { called.push_back(1); });
  emitter.PrependOnceListener<Foo>([&] { called.push_back(0); });
  emitter.Emit<Foo>(0);
  emitter.Emit<Foo>(0);
  EXPECT_THAT(called, ElementsAre(0, 1, 2, 1, 2));
}

TEST(NodeEventEmitter, test_event_emitter_subclass) {
  EventLoop loop;
  struct Mine : Emitter {
    Mine(EventLoop& loop, bool* called) : Emitter(loop) {
      Once<Foo>([called] { *called = true; });
      Emit<Foo>(1);
      RemoveAllListeners();
    }
  };
  struct Failing : Emitter {
    explicit Failing(EventLoop& loop) : Emitter(loop) {
      Emit<ErrorEvent>(ErrorOf("made badly"));
    }
  };
  bool called = false;
  Mine one(loop, &called);
  Mine two(loop, &called);
  EXPECT_TRUE(called);
  EXPECT_THAT(one.EventNames(), IsEmpty());
  EXPECT_THROW(Failing{loop}, std::runtime_error);
  one.On<Foo>([] {});
  EXPECT_EQ(two.ListenerCount<Foo>(), 0u);
}

TEST(NodeEventEmitter, test_events_list) {
  EventLoop loop;
  Emitter emitter(loop);
  emitter.On<Foo>([] {});
  EXPECT_THAT(emitter.EventNames(), ElementsAre("foo"));
  const auto bar = emitter.On<Bar>([] {});
  EXPECT_THAT(emitter.EventNames(), ElementsAre("foo", "bar"));
  emitter.Off<Bar>(bar);
  EXPECT_THAT(emitter.EventNames(), ElementsAre("foo"));
  // Node's is a symbol, and these come last.
  const auto monitor = emitter.On<ErrorMonitor>([] {});
  emitter.On<Bar>(bar);
  EXPECT_THAT(emitter.EventNames(), ElementsAre("foo", "bar", "errorMonitor"));
  emitter.Off<ErrorMonitor>(monitor);
  EXPECT_THAT(emitter.EventNames(), ElementsAre("foo", "bar"));
}

}  // namespace
}  // namespace millrace::events_test
