// Every finding there is, with why it breaks what is running and what to do
// instead.
#include "tools/contracts/check_parts.h"

namespace millrace::contracts {

const FindingKind kContractRemoved = {
    "CONTRACT_REMOVED",
    "whoever listens to it keeps waiting for events that never come, and no "
    "error says so",
    "keep the contract, with `option deprecated = true`, until nobody listens"};

const FindingKind kEventRemoved = {
    "EVENT_REMOVED",
    "listeners of the event keep waiting and no error says so; events that are "
    "still on the topic become unknown to their readers",
    "keep the event, with `option deprecated = true`, until nobody listens and "
    "the retention of the topic has passed"};

const FindingKind kTopicChanged = {
    "TOPIC_CHANGED",
    "running consumers go on reading the old topic and get nothing; what is on "
    "it and in outboxes is not on the new one",
    "keep the topic; or add a contract with the new topic, emit to both, and "
    "remove the old one when its last consumer has moved"};

const FindingKind kKeyChanged = {
    "KEY_CHANGED",
    "order is kept per key: events that were handled one after the other are "
    "now handled side by side, and those under the old key with no order to "
    "those under the new one",
    "keep the key; or add another event that has the new key"};

const FindingKind kPartitionsReduced = {
    "PARTITIONS_REDUCED",
    "a topic cannot lose partitions: brokers keep the old number, and a topic "
    "that is made anew puts keys elsewhere than running producers do",
    "leave the number; or move to a new contract with another topic"};

const FindingKind kPartitionsAdded = {
    "PARTITIONS_ADDED",
    "keys move to other partitions: an event of a key can be handled before "
    "an older one that waits in the partition the key had",
    "leave the number; or let consumers read the topic to its end while "
    "nobody emits, then change it and allow the finding"};

const FindingKind kRetentionShortened = {
    "RETENTION_SHORTENED",
    "a consumer that is away for longer than the events are kept misses them "
    "for good, and was promised the longer time",
    "keep the retention; or make sure that no consumer lags that far and allow "
    "the finding"};

const FindingKind kRetryWeakened = {
    "RETRY_WEAKENED",
    "an outage that consumers used to sit out now makes dead letters of events",
    "keep attempts and pauses; or tell who has the consumers, and allow the "
    "finding"};

const FindingKind kDeadLetterTopicChanged = {
    "DEAD_LETTER_TOPIC_CHANGED",
    "letters on the old topic are no longer listed or replayed, and who "
    "watches it sees no more of them",
    "keep the topic; or replay all letters first and allow the finding"};

const FindingKind kPayloadChanged = {
    "PAYLOAD_CHANGED", "running consumers read the bytes as the old message",
    "add fields to the old message, or add another event"};

const FindingKind kBaseRemoved = {
    "BASE_REMOVED",
    "who listens to the wider contract no longer gets the events of this base, "
    "and no error says so",
    "keep it in `extends` until nobody relies on it"};

const FindingKind kIdempotencyRemoved = {
    "IDEMPOTENCY_REMOVED",
    "GET requests of running clients are refused from now on, and what retried "
    "the call because it changes nothing no longer may",
    "keep `idempotency_level = NO_SIDE_EFFECTS`; or add another method that "
    "has side effects"};

const FindingKind kAccessNarrowed = {
    "ACCESS_NARROWED",
    "running callers that were let in are now refused with PERMISSION_DENIED "
    "or UNAUTHENTICATED",
    "give the new permission to all who call first and then allow the finding; "
    "or add another method"};

const FindingKind kRuleNarrowed = {
    "RULE_NARROWED",
    "requests of running callers that were let in are now refused with "
    "INVALID_ARGUMENT",
    "keep the rule as wide as it was; or add another field with the new rule"};

const FindingKind kRequiredFieldAdded = {
    "REQUIRED_FIELD_ADDED",
    "running callers do not send the field: every request of theirs is now "
    "refused with INVALID_ARGUMENT",
    "leave out `required`, and let the handler take a default"};

const FindingKind kSensitiveAdded = {
    "SENSITIVE_ADDED",
    "the field is gone from JSON replies, and running clients that read it "
    "there find nothing",
    "allow the finding when nobody may read it any more; or add another field"};

const FindingKind kSensitiveRemoved = {
    "SENSITIVE_REMOVED",
    "the field was kept out of logs, traces and JSON replies, and its owners "
    "rely on that",
    "keep `sensitive`; or add another field for what may be shown"};

const FindingKind kPersonalRemoved = {
    "PERSONAL_REMOVED",
    "the audit trail seals the field no more: what it records from then on "
    "stays readable when the person is erased",
    "keep `personal`; or allow the finding when the field tells of nobody"};

std::vector<std::string> FindingNames() {
  std::vector<std::string> names;
  for (const FindingKind* kind :
       {&kContractRemoved, &kEventRemoved, &kTopicChanged, &kKeyChanged,
        &kPartitionsReduced, &kPartitionsAdded, &kRetentionShortened,
        &kRetryWeakened, &kDeadLetterTopicChanged, &kPayloadChanged,
        &kBaseRemoved, &kIdempotencyRemoved, &kAccessNarrowed, &kRuleNarrowed,
        &kRequiredFieldAdded, &kSensitiveAdded, &kSensitiveRemoved,
        &kPersonalRemoved}) {
    names.emplace_back(kind->name);
  }
  return names;
}

}  // namespace millrace::contracts
