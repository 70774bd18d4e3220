import { setTimeout as sleep } from "node:timers/promises";

// What the promise says, unless it takes longer: then `late` is the error's text.
export function within(ms, promise, late = () => `no answer within ${ms} ms`) {
  const ended = new AbortController();
  return Promise.race([
    promise,
    sleep(ms, undefined, { signal: ended.signal }).then(() => { throw new Error(late()); }),
  ]).finally(() => ended.abort());
}
