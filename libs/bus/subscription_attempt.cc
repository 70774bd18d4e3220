// What happens to one event: attempt, retry, burial.

#include <utility>
#include <vector>

#include "base/backoff.h"
#include "base/rfc3339.h"
#include "base/strings.h"
#include "bus/codec.h"
#include "bus/dead_letter.h"
#include "bus/subscription.h"
#include "loop/activity.h"
#include "loop/combinators.h"

namespace millrace::bus {
namespace {

// While a dead letter cannot be published its key waits.
constexpr BackoffPolicy kBurialBackoff{absl::Milliseconds(200),
                                       absl::Seconds(10), 2};

absl::Duration PauseBefore(const Job& job, const RetryPolicy& retry) {
  return BackoffAfter(job.attempts, {retry.initial_backoff, retry.max_backoff,
                                     retry.multiplier});
}

void KeepError(const absl::Status& failure, absl::Time time, Job* job) {
  if (job->errors.size() == kMaxAttemptErrors) {
    job->errors.erase(job->errors.begin());
  }
  job->errors.push_back({job->attempts, time, failure});
}

// Copied for each event, and its text is not.
const absl::Status& IsDone() {
  static const absl::Status& status =
      *new absl::Status(absl::CancelledError("the listener is done"));
  return status;
}

// A listener need not be a coroutine: what it throws is its rejection.
Promise<void> Deliver(EventListener& listener, const EventEnvelope& event,
                      std::string_view group) {
  const ActivityScope scope(Activity::Make({.kind = "event",
                                            .handler = group,
                                            .event = event.type,
                                            .trace_id = event.trace.trace_id,
                                            .span_id = event.trace.span_id,
                                            .sampled = event.trace.sampled()}));
  try {
    return listener.Deliver(event);
  } catch (...) {
    return Promise<void>::Reject(std::current_exception());
  }
}

}  // namespace

Promise<void> Subscription::Attempt(Self self, Held assignment, Lane* lane) {
  Job& job = lane->jobs.front();
  if (job.attempts++ == 0) {
    const absl::Status taken = TakeEvent(&job.record, &job.event.emplace());
    // Headers that are no CloudEvents' are extensions: without any it is for
    // all groups.
    if ((!taken.ok() || !job.event->extensions.empty()) &&
        IsForAnotherGroup(job.record, self->spec_.group)) {
      self->Finish(assignment, lane);
      co_return;
    }
    if (!taken.ok()) {
      job.event.reset();
      co_await Bury(self, assignment, lane, taken);
      co_return;
    }
    job.emitted = job.event->trace;
  }
  // Each attempt is a span, and what the listener does belongs to it.
  job.event->trace =
      job.emitted.valid() ? job.emitted.Child() : NewRoot(self->spec_.spans);
  if (job.event->expires <= self->loop_.Now()) {
    if (!self->IsDeliveredLate(job)) {
      co_await Expire(self, assignment, lane);
      co_return;
    }
    // As a deadline that has passed it would end whatever the listener begins.
    job.event->expires = absl::InfiniteFuture();
  }
  const absl::Time start = absl::Now();
  // Of a clock that nobody sets.
  if (job.began_ms < 0) job.began_ms = self->loop_.TimeMs();
  absl::Status failure;
  job.attempt.emplace();
  job.event->signal = job.attempt->signal();
  try {
    co_await Deliver(self->listener_, *job.event, self->spec_.group);
  } catch (...) {
    failure = StatusFrom(std::current_exception());
  }
  const bool told = job.event->signal.aborted();
  job.attempt->Abort(IsDone());
  const absl::Time end = absl::Now();
  self->measures_.handler_seconds.Observe(job.event->trace,
                                          absl::ToDoubleSeconds(end - start));
  const Span::Outcome outcome = self->OutcomeOf(assignment, job, failure, told);
  self->RecordSpan(job, start, end, failure, outcome);
  if (!failure.ok()) KeepError(failure, end, &job);
  if (failure.ok()) {
    self->measures_.delivered.Add();
    self->Finish(assignment, lane);
  } else if (outcome == Span::Outcome::kFailed) {
    self->overran_ |= told && !assignment->gone;
    self->GiveUp(assignment, lane);
  } else if (outcome == Span::Outcome::kDeadLetter) {
    co_await Bury(self, assignment, lane, std::move(failure));
  } else {
    self->RetryLater(assignment, lane, failure);
  }
}

bool Subscription::IsDeliveredLate(const Job& job) const {
  return spec_.options.expired == Expired::kDeliver || IsReplay(job.record);
}

Promise<void> Subscription::Expire(Self self, Held assignment, Lane* lane) {
  Job& job = lane->jobs.front();
  const absl::Time now = self->loop_.Now();
  const absl::Status late = absl::DeadlineExceededError(StrCat(
      "the event expired at ", FormatRfc3339(job.event->expires), ", ",
      absl::FormatDuration(now - job.event->expires), " before its turn came"));
  const bool buried = self->spec_.options.expired == Expired::kDeadLetter;
  self->measures_.expired.Add();
  self->RecordSpan(
      job, now, now, late,
      buried ? Span::Outcome::kDeadLetter : Span::Outcome::kExpired);
  --job.attempts;  // there was none
  if (buried) {
    co_await Bury(self, assignment, lane, late);
  } else {
    self->Finish(assignment, lane);
  }
}

Span::Outcome Subscription::OutcomeOf(const Held& assignment, const Job& job,
                                      const absl::Status& failure,
                                      bool told) const {
  if (failure.ok()) return Span::Outcome::kDone;
  // Who gave up because it was told to is not to blame.
  if (assignment->gone || told) return Span::Outcome::kFailed;
  if (IsFinal(job, failure)) return Span::Outcome::kDeadLetter;
  return assignment->leaving ? Span::Outcome::kFailed : Span::Outcome::kRetry;
}

void Subscription::RecordSpan(const Job& job, absl::Time start, absl::Time end,
                              const absl::Status& failure,
                              Span::Outcome outcome) const {
  if (spec_.spans == nullptr) return;
  Span span;
  span.kind = Span::Kind::kHandle;
  span.outcome = outcome;
  span.trace_id = job.event->trace.trace_id;
  span.span_id = job.event->trace.span_id;
  span.parent_id = job.emitted.span_id;
  span.sampled = job.event->trace.sampled();
  span.start = start;
  span.duration = end - start;
  span.code = failure.code();
  span.attempt = job.attempts;
  span.name = job.event->type;
  span.group = spec_.group;
  span.event_id = job.event->id;
  span.key = job.event->key;
  span.topic = spec_.topic;
  span.error = MessageOf(failure);
  spec_.spans->Record(span);
}

// What passes by itself and is no fault of the event.
bool Subscription::Passes(const absl::Status& failure) {
  return failure.code() == absl::StatusCode::kUnavailable ||
         failure.code() == absl::StatusCode::kResourceExhausted;
}

absl::Duration Subscription::AgeOf(const Job& job) const {
  return absl::Milliseconds(loop_.TimeMs() - job.began_ms);
}

bool Subscription::IsFinal(const Job& job, const absl::Status& failure) const {
  switch (failure.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      if (Passes(failure)) {
        return AgeOf(job) >= spec_.options.unavailable_for;
      }
      return job.failures + 1 >= spec_.retry.max_attempts ||
             AgeOf(job) >= spec_.options.retry_for;
  }
}

void Subscription::RetryLater(const Held& assignment, Lane* lane,
                              const absl::Status& failure) {
  Job& job = lane->jobs.front();
  if (!Passes(failure)) ++job.failures;
  const absl::Duration pause = PauseBefore(job, spec_.retry);
  measures_.retries.Add();
  logger_.Warning("an event failed and will be retried",
                  {{"group", spec_.group},
                   {"event_type", job.event->type},
                   {"event_id", job.event->id},
                   {"trace_id", job.event->trace.trace_id_hex()},
                   {"attempt", job.attempts},
                   {"held_for_seconds", absl::ToDoubleSeconds(AgeOf(job))},
                   {"retry_in_seconds", absl::ToDoubleSeconds(pause)},
                   {"error", failure.ToString()}});
  lane->state = Lane::State::kWaiting;
  Wait(shared_from_this(), assignment, lane, pause).Detach();
  Worked(assignment);
}

// The lane is gone when the pause was cut short.
Promise<void> Subscription::Wait(Self self, Held assignment, Lane* lane,
                                 absl::Duration pause) {
  const absl::Status status =
      co_await AsStatusOr(Delay(pause, assignment->retries.signal()));
  if (!status.ok() || assignment->leaving) co_return;
  self->MakeReady(assignment, lane);
  self->Pump();
}

Promise<void> Subscription::Bury(Self self, Held assignment, Lane* lane,
                                 absl::Status failure) {
  Job& job = lane->jobs.front();
  self->logger_.Error(
      "an event is given up and becomes a dead letter",
      {{"group", self->spec_.group},
       {"event_id", job.event ? job.event->id : ""},
       {"event_type", job.event ? job.event->type : ""},
       {"trace_id", job.event ? job.event->trace.trace_id_hex() : ""},
       {"topic", job.record.topic},
       {"partition", job.record.partition},
       {"offset", job.record.offset},
       {"attempts", job.attempts},
       {"error", failure.ToString()}});
  if (job.event) GiveBack(&*job.event, &job.record);
  DeadLetter letter;
  letter.group = self->spec_.group;
  letter.failure = std::move(failure);
  letter.attempts = job.attempts;
  letter.errors = job.errors;
  letter.dead_time = self->loop_.Now();
  letter.source = std::move(job.record);
  const Record record = EncodeDeadLetter(letter, self->spec_.dead_letter_topic);
  const absl::Status published = co_await AsStatusOr(
      PublishLetter(self, record, assignment->retries.signal()));
  if (!published.ok()) {
    self->GiveUp(assignment, lane);
    co_return;
  }
  self->measures_.dead_letters.Add();
  self->Finish(assignment, lane);
}

Promise<void> Subscription::PublishLetter(Self self, Record letter,
                                          AbortSignal signal) {
  for (int failures = 1;; ++failures) {
    std::vector<Record> records(1, letter);
    const absl::Status status =
        co_await AsStatusOr(self->transport_.Publish(std::move(records)));
    if (status.ok()) co_return;
    self->logger_.Error("a dead letter cannot be published; its key waits",
                        {{"group", self->spec_.group},
                         {"topic", letter.topic},
                         {"error", status.ToString()}});
    if (status.code() == absl::StatusCode::kInvalidArgument &&
        Truncate(&letter)) {
      continue;  // it was too large; the source has all of it
    }
    if (status.code() == absl::StatusCode::kNotFound) {
      std::vector<TopicSpec> missing(1);
      missing[0].name = letter.topic;
      (void)co_await AsStatusOr(
          self->transport_.EnsureTopics(std::move(missing)));
    }
    co_await Delay(BackoffAfter(failures, kBurialBackoff), signal);
  }
}

}  // namespace millrace::bus
