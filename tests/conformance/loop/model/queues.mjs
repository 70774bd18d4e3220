// Ticks, microtasks and promises of the model: Node's drain, and promises that
// are never resolved with a promise.

const PENDING = 0, FULFILLED = 1, REJECTED = 2;

export class Queues {
  #ticks = [];
  #jobs = [];
  #tickScheduled = false;
  #rejections = [];
  #rejectionToReport = false;

  // `report` takes what a callback threw.
  constructor(report, mutant) {
    this.report = report;
    this.mutant = mutant;
  }

  tick(call) {
    this.#ticks.push(call);
    this.#tickScheduled = true;
  }

  micro(call) { this.#jobs.push(call); }

  rejected(promise) {
    this.#rejections.push(promise);
    this.#rejectionToReport = true;
  }

  // What follows a callback. False when a tick threw: the rest waits.
  drain() {
    if (!this.#tickScheduled && !this.#rejectionToReport) this.#runJobs();
    if (!this.#tickScheduled && !this.#rejectionToReport) return true;
    do {
      if (this.mutant === 'microtasks-first') this.#runJobs();
      while (this.#ticks.length > 0) {
        try {
          this.#ticks.shift()();
        } catch (error) {
          this.report(error);
          return false;
        }
      }
      this.#runJobs();
    } while (this.#ticks.length > 0 || this.#reportRejections());
    this.#tickScheduled = false;
    this.#rejectionToReport = false;
    return true;
  }

  #runJobs() {
    for (let i = 0; i < this.#jobs.length; i++) {
      try {
        this.#jobs[i]();
      } catch (error) {
        this.report(error);
      }
    }
    this.#jobs.length = 0;
  }

  #reportRejections() {
    const rejections = this.#rejections;
    this.#rejections = [];
    let reported = false;
    for (const promise of rejections) {
      if (promise.handled) continue;
      promise.handled = true;
      reported = true;
      this.report(promise.error);
    }
    return reported || this.#rejections.length > 0;
  }
}

export class ModelPromise {
  #state = PENDING;
  #reactions = [];
  handled = false;
  error;

  constructor(queues) { this.queues = queues; }

  resolve() { this.#settle(FULFILLED); }

  reject(error) {
    this.error = error;
    this.#settle(REJECTED);
    if (!this.handled) this.queues.rejected(this);
  }

  #settle(state) {
    if (this.#state !== PENDING) return;
    this.#state = state;
    for (const react of this.#reactions) this.queues.micro(react);
    this.#reactions = [];
  }

  // Calls one of them in a microtask.
  react(onValue, onError) {
    this.handled = true;
    const react = () =>
      (this.#state === FULFILLED ? onValue() : onError(this.error));
    if (this.#state === PENDING) this.#reactions.push(react);
    else this.queues.micro(react);
  }

  then(onValue, onError) {
    const next = new ModelPromise(this.queues);
    const settle = (handler, value) => {
      try {
        handler(value);
      } catch (error) {
        next.reject(error);
        return;
      }
      next.resolve();
    };
    this.react(
      () => settle(onValue ?? (() => {})),
      (error) => (onError ? settle(onError, error) : next.reject(error)));
    return next;
  }
}

// An async function: `body` is a generator that yields what it awaits.
export function runAsync(queues, body) {
  const promise = new ModelPromise(queues);
  const hop = queues.mutant === 'await-three' ?
    (step) => queues.micro(() => queues.micro(step)) : (step) => step();
  const step = (resume) => {
    let result;
    try {
      result = resume();
    } catch (error) {
      promise.reject(error);
      return;
    }
    if (result.done) {
      promise.resolve();
    } else {
      result.value.react(() => hop(() => step(() => body.next())),
        (error) => step(() => body.throw(error)));
    }
  };
  step(() => body.next());
  return promise;
}
