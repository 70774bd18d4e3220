// Timers of the model: lists by duration in a queue by expiry, one alarm.

export class Timers {
  #lists = new Map(); // ms -> list, in the queue too
  #nextId = 0;
  #nextExpiry = Infinity;
  #refs = 0;
  #alarm = -1;

  // `clock` has `now` (ms), `update()`; `drain` and `report` are the queues'.
  constructor(clock, drain, report, mutant) {
    this.clock = clock;
    this.drain = drain;
    this.report = report;
    this.mutant = mutant;
  }

  // A ref'd one is running or will.
  get alive() { return this.#alarm >= 0 && this.#refs > 0; }
  get alarm() { return this.#alarm; }

  start(ms, repeats, call) {
    const timer = { ms: ms >= 1 && ms <= 2147483647 ? Math.trunc(ms) : 1,
      repeats, call, refed: true, destroyed: false, list: null, start: 0 };
    this.#refs++;
    this.#insert(timer, this.#startTime());
    return timer;
  }

  #startTime() {
    return this.mutant === 'cached-time' ? this.clock.now : this.clock.update();
  }

  clear(timer) {
    if (timer.call === null) return;
    timer.call = null;
    if (timer.destroyed) return;
    timer.destroyed = true;
    this.#unlink(timer);
    if (timer.refed) {
      const list = this.#lists.get(this.#key(timer));
      if (list?.timers.length === 0) this.#lists.delete(list.key);
      this.#refs--;
    }
    timer.ms = -1;
  }

  setRef(timer, ref) {
    if (timer.refed === ref) return;
    timer.refed = ref;
    if (!timer.destroyed) this.#refs += ref ? 1 : -1;
  }

  refresh(timer) {
    if (timer.ms < 0) return;
    if (this.mutant === 'refresh-in-place' && timer.list) {
      timer.start = this.clock.update();
      return;
    }
    this.#insert(timer, this.#startTime());
    if (!timer.destroyed) return;
    timer.destroyed = false;
    if (timer.refed) this.#refs++;
  }

  #key(timer) { return this.mutant === 'no-timer-lists' ? timer : timer.ms; }

  #unlink(timer) {
    if (!timer.list) return;
    timer.list.timers.splice(timer.list.timers.indexOf(timer), 1);
    timer.list = null;
  }

  #insert(timer, start) {
    if (this.mutant === 'no-timer-lists' && timer.list) {
      this.#lists.delete(timer);
    }
    this.#unlink(timer);
    timer.start = start;
    const key = this.#key(timer);
    let list = this.#lists.get(key);
    if (!list) {
      list = { key, ms: timer.ms, expiry: start + timer.ms,
        id: this.#nextId++, timers: [] };
      this.#lists.set(key, list);
      if (this.#nextExpiry > list.expiry) {
        this.#alarm = this.clock.now + timer.ms;
        this.#nextExpiry = list.expiry;
      }
    }
    list.timers.push(timer);
    timer.list = list;
  }

  #first() {
    let first;
    for (const list of this.#lists.values()) {
      if (!first || list.expiry < first.expiry ||
          (list.expiry === first.expiry && list.id < first.id)) {
        first = list;
      }
    }
    return first;
  }

  // One pass; false when the alarm has not come.
  runDue() {
    if (this.#alarm < 0 || this.#alarm > this.clock.now) return false;
    this.#alarm = -1;
    const now = this.clock.update();
    while (!this.#pass(now));
    const first = this.#first();
    if (first) {
      this.#nextExpiry = first.expiry;
      this.#alarm = this.clock.now + Math.max(first.expiry - this.clock.now, 1);
    }
    return true;
  }

  #drainBetween() {
    return this.mutant === 'no-drain-between' || this.drain();
  }

  #pass(now) {
    this.#nextExpiry = Infinity;
    let ran = false;
    for (;;) {
      const list = this.#first();
      if (!list || list.expiry > now) return true;
      if (ran && !this.#drainBetween()) return false;
      ran = true;
      if (!this.#runList(list, now)) return false;
    }
  }

  #runList(list, now) {
    let ran = false;
    while (list.timers.length > 0) {
      const timer = list.timers[0];
      if (now - timer.start < list.ms) {
        list.expiry = Math.max(timer.start + list.ms, now + 1);
        list.id = this.#nextId++;
        return true;
      }
      if (ran && !this.#drainBetween()) return false;
      ran = true;
      this.#unlink(timer);
      if (timer.call === null) {
        if (!timer.destroyed) {
          timer.destroyed = true;
          if (timer.refed) this.#refs--;
        }
      } else if (!this.#runTimer(timer)) {
        return false;
      }
    }
    if (this.#lists.get(list.key) === list) this.#lists.delete(list.key);
    return true;
  }

  #runTimer(timer) {
    let start = timer.repeats ? this.clock.update() : 0;
    let failed = false, error;
    try {
      timer.call();
    } catch (thrown) {
      failed = true;
      error = thrown;
    }
    if (this.mutant === 'interval-from-end') start = this.clock.update();
    if (timer.repeats && timer.ms !== -1) {
      this.#insert(timer, start);
    } else if (!timer.list && !timer.destroyed) {
      timer.destroyed = true;
      if (timer.refed) this.#refs--;
    }
    if (!failed) return true;
    this.report(error);
    if (this.mutant === 'drain-after-throw') this.drain();
    return false;
  }
}
