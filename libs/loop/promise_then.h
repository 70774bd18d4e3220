// Then, Catch and Finally. Part of loop/promise.h.
#ifndef MILLRACE_LOOP_PROMISE_THEN_H_
#define MILLRACE_LOOP_PROMISE_THEN_H_

#include <memory>
#include <optional>

#include "loop/promise.h"

namespace millrace::loop_internal {

// Calls f(Promise<T>) as a microtask once `promise` has settled. f owns the
// error, if there is one, and must not throw.
template <typename T, typename F>
void OnSettled(Promise<T> promise, F f) {
  struct Observer : Reaction, Pooled {
    Observer(Promise<T> p, F g) : promise(std::move(p)), f(std::move(g)) {}
    Promise<T> promise;
    F f;
  };
  auto* observer = new Observer(std::move(promise), std::move(f));
  observer->run = [](void* self, Fate fate) {
    const std::unique_ptr<Observer> done(
        static_cast<Observer*>(static_cast<Reaction*>(self)));
    if (fate == Fate::kRun) done->f(std::move(done->promise));
  };
  observer->promise.state()->AddReaction(observer);
}

// The value of a settled promise as f takes it: moved from the only handle.
template <typename T, typename F>
decltype(auto) CallWith(F& f, const Promise<T>& promise, bool consume) {
  if constexpr (std::is_void_v<T>) {
    return f();
  } else if constexpr (!std::is_invocable_v<F&, const T&>) {
    return f(std::move(promise.state()->value()));
  } else if constexpr (!std::is_invocable_v<F&, T>) {
    return f(std::as_const(promise.state()->value()));
  } else {
    if (consume && promise.unique()) {
      return f(std::move(promise.state()->value()));
    }
    return f(std::as_const(promise.state()->value()));
  }
}

template <typename T, typename F>
struct ThenResult {
  using Type = std::decay_t<decltype(CallWith(
      std::declval<F&>(), std::declval<const Promise<T>&>(), true))>;
};

// Settles `target` with what `call` returns or throws.
template <typename U, typename Call>
void SettleWith(State<U>* target, Call call) {
  using R = decltype(call());
  try {
    if constexpr (UnwrapPromise<std::decay_t<R>>::kIsPromise) {
      Adopt<U>(target, call());
    } else if constexpr (std::is_void_v<R>) {
      call();
      target->Resolve();
    } else {
      target->Resolve(call());
    }
  } catch (...) {
    target->Reject(std::current_exception());
  }
}

// Passes the value of `source` on to `target`.
template <typename T>
void Forward(State<T>* target, const Promise<T>& source, bool consume) {
  if constexpr (std::is_void_v<T>) {
    target->Resolve();
  } else {
    if constexpr (std::is_copy_constructible_v<T>) {
      if (!consume || !source.unique()) {
        return target->Resolve(std::as_const(source.state()->value()));
      }
    }
    target->Resolve(std::move(source.state()->value()));
  }
}

// What a settled promise stands for, as an expression: its value, moved out
// when possible, or its error, thrown.
template <typename T>
T ValueOf(const Promise<T>& settled) {
  if (settled.rejected()) std::rethrow_exception(settled.error());
  if constexpr (!std::is_void_v<T>) {
    if constexpr (std::is_copy_constructible_v<T>) {
      if (!settled.unique()) return settled.state()->value();
    }
    return std::move(settled.state()->value());
  }
}

struct NoHandler {};

// The state of the promise that Then() returns, and its place in the queue of
// the promise it waits for, in one block.
template <typename T, typename U, typename F, typename G>
class ThenState final : public State<U>, public Reaction {
 public:
  // Holds a reference on itself until it has run.
  ThenState(Promise<T> source, bool consume, F f, G g)
      : State<U>(sizeof(ThenState)),
        source_(std::move(source)),
        consume_(consume),
        f_(std::move(f)),
        g_(std::move(g)) {
    this->Ref();
    run = [](void* self, Fate fate) {
      auto* then = static_cast<ThenState*>(static_cast<Reaction*>(self));
      const StateRef<ThenState> held(then);
      const Promise<T> source = std::move(then->source_);
      if (fate == Fate::kRun) {
        then->Run(source);
      } else {
        then->Abandon();
      }
      then->f_.reset();
      then->g_.reset();
    };
    source_.state()->AddReaction(this);
  }

 private:
  void Run(const Promise<T>& source) {
    if (!source.rejected()) {
      if constexpr (std::is_same_v<F, NoHandler>) {
        Forward<T>(this, source, consume_);
      } else {
        SettleWith<U>(this, [&]() -> decltype(auto) {
          return CallWith(*f_, source, consume_);
        });
      }
    } else if constexpr (std::is_same_v<G, NoHandler>) {
      this->Reject(source.state()->error());
    } else {
      SettleWith<U>(this, [&]() -> decltype(auto) {
        return (*g_)(source.state()->error());
      });
    }
  }

  Promise<T> source_;
  const bool consume_;
  std::optional<F> f_;
  std::optional<G> g_;
};

template <typename T, typename U, typename F, typename G>
Promise<U> MakeThen(Promise<T> source, bool consume, F f, G g) {
  return Promise<U>(new ThenState<T, U, F, G>(std::move(source), consume,
                                              std::move(f), std::move(g)));
}

template <typename T, typename F>
using ThenValue = typename UnwrapPromise<typename ThenResult<T, F>::Type>::Type;

}  // namespace millrace::loop_internal

namespace millrace {

template <typename T>
template <typename F>
auto Promise<T>::Then(F f) const& {
  using U = loop_internal::ThenValue<T, F>;
  return loop_internal::MakeThen<T, U>(*this, false, std::move(f),
                                       loop_internal::NoHandler());
}

template <typename T>
template <typename F>
auto Promise<T>::Then(F f) && {
  using U = loop_internal::ThenValue<T, F>;
  return loop_internal::MakeThen<T, U>(std::move(*this), true, std::move(f),
                                       loop_internal::NoHandler());
}

template <typename T>
template <typename F, typename G>
auto Promise<T>::Then(F f, G g) const& {
  using U = loop_internal::ThenValue<T, F>;
  return loop_internal::MakeThen<T, U>(*this, false, std::move(f),
                                       std::move(g));
}

template <typename T>
template <typename F, typename G>
auto Promise<T>::Then(F f, G g) && {
  using U = loop_internal::ThenValue<T, F>;
  return loop_internal::MakeThen<T, U>(std::move(*this), true, std::move(f),
                                       std::move(g));
}

template <typename T>
template <typename G>
Promise<T> Promise<T>::Catch(G g) const& {
  return loop_internal::MakeThen<T, T>(*this, false, loop_internal::NoHandler(),
                                       std::move(g));
}

template <typename T>
template <typename G>
Promise<T> Promise<T>::Catch(G g) && {
  return loop_internal::MakeThen<T, T>(
      std::move(*this), true, loop_internal::NoHandler(), std::move(g));
}

template <typename T>
template <typename F>
Promise<T> Promise<T>::Finally(F f) const {
  Deferred<T> result;
  Promise<T> promise = result.promise();
  loop_internal::OnSettled(
      *this, [result, f = std::move(f)](Promise<T> settled) mutable {
        using R = std::decay_t<decltype(f())>;
        try {
          if constexpr (loop_internal::UnwrapPromise<R>::kIsPromise) {
            result.Resolve(
                f().Then([settled = std::move(settled)](const auto&...) -> T {
                  return loop_internal::ValueOf(settled);
                }));
          } else {
            f();
            result.Resolve(std::move(settled));
          }
        } catch (...) {
          result.Reject(std::current_exception());
        }
      });
  return promise;
}

}  // namespace millrace

#endif  // MILLRACE_LOOP_PROMISE_THEN_H_
