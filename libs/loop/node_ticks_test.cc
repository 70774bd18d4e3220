// How many microtasks pass until the one who awaits goes on. The numbers are
// those that Node 20 printed for the line of JavaScript beside each.
#include <functional>

#include "loop/combinators.h"
#include "loop/node_test.h"
#include "loop/promise.h"

namespace millrace {
namespace {

absl::Status Error() { return absl::AbortedError("error"); }

Promise<int> Value() { return Promise<int>::Resolve(1); }
Promise<int> Rejected() { return Promise<int>::Reject(Error()); }

Promise<int> Async() { co_return 1; }
Promise<int> AsyncPromise() { co_return Value(); }
Promise<int> AsyncAwait() { co_return co_await Value(); }
Promise<int> AsyncAsync() { co_return Async(); }
Promise<int> AsyncThrow() {
  Throw(Error());
  co_return 0;
}
Promise<int> AsyncReject() { co_return Rejected(); }
Promise<void> AsyncVoid() { co_return; }
Promise<int> AsyncOf(Promise<int> promise) { co_return promise; }
Promise<void> AwaitThrice() {
  for (int i = 0; i < 3; ++i) static_cast<void>(co_await Value());
}

template <typename T>
Promise<void> Mark(Promise<T> promise, const int* count, int* at) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(promise);
    } else {
      static_cast<void>(co_await std::move(promise));
    }
  } catch (const StatusError&) {
  }
  *at = *count + 1;
}

class NodeTicks : public NodeTest {
 protected:
  // f = async () => { await <begin()>; at = count + 1; };
  // f(); queueMicrotask(function c() { if (++count < 20) queueMicrotask(c); });
  template <typename Begin>
  int Hops(Begin begin) {
    int count = 0;
    int at = -1;
    std::function<void()> next = [&] {
      if (++count < 20) loop_.QueueMicrotask(next);
    };
    loop_.SetImmediate([&] {
      const Promise<void> done = Mark(begin(), &count, &at);
      loop_.QueueMicrotask(next);
    });
    loop_.Run();
    return at;
  }

  // new Promise(r => queueMicrotask(r)), n queueMicrotask() deep
  Promise<int> Later(int n) {
    const Deferred<int> result;
    auto next = std::make_shared<std::function<void(int)>>();
    *next = [this, result, next](int left) {
      if (left == 0) {
        result.Resolve(1);
        *next = nullptr;
        return;
      }
      loop_.QueueMicrotask([next, left] {
        const auto step = *next;
        step(left - 1);
      });
    };
    const auto step = *next;
    step(n);
    return result.promise();
  }
};

const auto kNothing = [](auto&&...) {};
const auto kOne = [](auto&&...) { return 1; };

TEST_F(NodeTicks, await) {
  // Promise.resolve(1), as the value 1 itself
  EXPECT_EQ(Hops(Value), 1);
  // new Promise(r => queueMicrotask(r))
  EXPECT_EQ(Hops([this] { return Later(1); }), 2);
  // (async () => 1)()
  EXPECT_EQ(Hops(Async), 1);
  // (async () => Promise.resolve(1))()
  EXPECT_EQ(Hops(AsyncPromise), 3);
  // (async () => await Promise.resolve(1))()
  EXPECT_EQ(Hops(AsyncAwait), 2);
  // (async () => (async () => 1)())()
  EXPECT_EQ(Hops(AsyncAsync), 3);
  // (async () => new Promise(r => queueMicrotask(r)))()
  EXPECT_EQ(Hops([this] { return AsyncOf(Later(1)); }), 3);
  // (async () => { throw 1; })()
  EXPECT_EQ(Hops(AsyncThrow), 1);
  // (async () => Promise.reject(1))()
  EXPECT_EQ(Hops(AsyncReject), 3);
  // (async () => { await 1; await 2; await 3; })()
  EXPECT_EQ(Hops(AwaitThrice), 4);
  // new Promise(r => r(Promise.resolve()))
  EXPECT_EQ(Hops([] {
              const Deferred<int> result;
              result.Resolve(Value());
              return result.promise();
            }),
            3);
}

TEST_F(NodeTicks, then) {
  // Promise.resolve().then(v => v)
  EXPECT_EQ(Hops([] { return Value().Then(kOne); }), 2);
  // Promise.resolve().then(v => v).then(v => v).then(v => v)
  EXPECT_EQ(Hops([] { return Value().Then(kOne).Then(kOne).Then(kOne); }), 4);
  // Promise.resolve().then(() => Promise.resolve())
  EXPECT_EQ(Hops([] { return Value().Then([](int) { return Value(); }); }), 4);
  // Promise.resolve().then(async () => {})
  EXPECT_EQ(Hops([] { return Value().Then([](int) { return AsyncVoid(); }); }),
            4);
  // Promise.resolve().catch(() => {})
  EXPECT_EQ(Hops([] { return Value().Catch(kOne); }), 2);
  // Promise.reject(1).catch(() => {})
  EXPECT_EQ(Hops([] { return Rejected().Catch(kOne); }), 2);
  // Promise.reject(1).then(() => {}).catch(() => {})
  EXPECT_EQ(Hops([] { return Rejected().Then(kOne).Catch(kOne); }), 3);
  // Promise.reject(1).then(() => {}, () => {})
  EXPECT_EQ(Hops([] { return Rejected().Then(kOne, kOne); }), 2);
  // Promise.reject(1).catch(() => Promise.resolve())
  EXPECT_EQ(Hops([] {
              return Rejected().Catch(
                  [](const std::exception_ptr&) { return Value(); });
            }),
            4);
}

TEST_F(NodeTicks, finally) {
  // Promise.resolve(1).finally(() => {})
  EXPECT_EQ(Hops([] { return Value().Finally(kNothing); }), 4);
  // Promise.resolve(1).finally(() => Promise.resolve())
  EXPECT_EQ(Hops([] { return Value().Finally(Value); }), 4);
  // Promise.resolve(1).finally(() => <settled after 1, 2, 3 microtasks>)
  for (const int n : {1, 2, 3}) {
    EXPECT_EQ(
        Hops([&] { return Value().Finally([this, n] { return Later(n); }); }),
        4 + n);
  }
  // Promise.resolve(1).finally(() => { throw 2; })
  EXPECT_EQ(Hops([] { return Value().Finally([] { Throw(Error()); }); }), 2);
  // Promise.resolve(1).finally(() => Promise.reject(2))
  EXPECT_EQ(Hops([] { return Value().Finally(Rejected); }), 4);
  // Promise.reject(1).finally(() => {})
  EXPECT_EQ(Hops([] { return Rejected().Finally(kNothing); }), 4);
  // Promise.reject(1).finally(async () => {})
  EXPECT_EQ(Hops([] { return Rejected().Finally(AsyncVoid); }), 4);
  // Promise.reject(1).then(() => {}).catch(() => {}).finally(() => {}).then(v)
  EXPECT_EQ(
      Hops([] {
        return Rejected().Then(kOne).Catch(kOne).Finally(kNothing).Then(kOne);
      }),
      7);
}

TEST_F(NodeTicks, combinators) {
  const auto of = [](auto... promises) {
    return std::vector<Promise<int>>{promises...};
  };
  // Promise.all([])
  EXPECT_EQ(Hops([&] { return All(of()); }), 1);
  // Promise.all([Promise.resolve(1), Promise.resolve(2)])
  EXPECT_EQ(Hops([&] { return All(of(Value(), Value())); }), 2);
  EXPECT_EQ(Hops([] { return All({AsyncVoid(), AsyncVoid()}); }), 2);
  // Promise.all([Promise.resolve(1), (async () => Promise.resolve(1))()])
  EXPECT_EQ(Hops([&] { return All(of(Value(), AsyncPromise())); }), 4);
  // Promise.all([Promise.resolve(1), Promise.reject(2)])
  EXPECT_EQ(Hops([&] { return All(of(Value(), Rejected())); }), 2);
  // Promise.all([Promise.all([Promise.resolve()]), Promise.resolve()])
  EXPECT_EQ(Hops([] {
              return All({All({AsyncVoid()}), Promise<void>::Resolve()});
            }),
            3);
  // Promise.allSettled([])
  EXPECT_EQ(Hops([&] { return AllSettled(of()); }), 1);
  // Promise.allSettled([Promise.resolve(1), Promise.reject(2)])
  EXPECT_EQ(Hops([&] { return AllSettled(of(Value(), Rejected())); }), 2);
  // Promise.any([])
  EXPECT_EQ(Hops([&] { return Any(of()); }), 1);
  // Promise.any([Promise.reject(1), Promise.resolve(2)])
  EXPECT_EQ(Hops([&] { return Any(of(Rejected(), Value())); }), 2);
  // Promise.any([Promise.reject(1), Promise.reject(2)])
  EXPECT_EQ(Hops([&] { return Any(of(Rejected(), Rejected())); }), 2);
  // Promise.race([Promise.resolve(1), Promise.resolve(2)])
  EXPECT_EQ(Hops([&] { return Race(of(Value(), Value())); }), 2);
  // Promise.race([Promise.reject(1)])
  EXPECT_EQ(Hops([&] { return Race(of(Rejected())); }), 2);
}

TEST_F(NodeTicks, order) {
  // L = s => () => log.push(s), all begun in one immediate:
  std::vector<Promise<void>> held;
  const auto chain = [&](const char* name) {
    auto promise = Promise<void>::Resolve();
    for (int i = 1; i <= 6; ++i) {
      promise = promise.Then(Log(StrCat(name, i)));
    }
    held.push_back(promise);
  };
  loop_.SetImmediate([&] {
    // Promise.resolve().then(L('a1')).then(L('a2')) ... .then(L('a6'));
    chain("a");
    // Promise.resolve().finally(L('f')).then(L('f then'));
    held.push_back(
        Promise<void>::Resolve().Finally(Log("f")).Then(Log("f then")));
    // (async () => Promise.resolve())().then(L('adopt'));
    held.push_back(AsyncPromise().Then([this](int) { Log("adopt")(); }));
    // Promise.all([Promise.resolve(), Promise.resolve()]).then(L('all')); ...
    held.push_back(All({AsyncVoid(), AsyncVoid()}).Then(Log("all")));
    held.push_back(AllSettled(std::vector<Promise<int>>{Value(), Rejected()})
                       .Then([this](const auto&) { Log("allSettled")(); }));
    held.push_back(
        Any(std::vector<Promise<int>>{Rejected(), Value()}).Then([this](int) {
          Log("any")();
        }));
    held.push_back(
        Race(std::vector<Promise<int>>{Value(), Value()}).Then([this](int) {
          Log("race")();
        }));
    // Promise.reject(1).then(L('x')).catch(L('c')).finally(L('cf'))
    //     .then(L('cft'));
    held.push_back(Rejected()
                       .Then([this](int) { Log("x")(); })
                       .Catch([this](const auto&) { Log("c")(); })
                       .Finally(Log("cf"))
                       .Then(Log("cft")));
    chain("b");
  });
  loop_.Run();
  EXPECT_THAT(trace_, testing::ElementsAre(
                          "a1", "f", "b1", "a2", "all", "allSettled", "any",
                          "race", "c", "b2", "a3", "adopt", "cf", "b3", "a4",
                          "f then", "b4", "a5", "b5", "a6", "cft", "b6"));
}

// No counterpart: thenables. Only a Promise<T> is followed.

}  // namespace
}  // namespace millrace
