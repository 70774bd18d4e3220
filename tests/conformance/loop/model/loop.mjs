// Node's loop on a virtual clock. A profile says what the machine is like: how
// long operations take, when jobs end, how late a sleep ends, and where the
// process is stalled.
import { Queues } from './queues.mjs';
import { Timers } from './timers.mjs';

// Microseconds, but for `scale`.
export const CALM = { cost: 5, phase: 0, coarse: 0, late: 100, jobs: [50],
  early: 0, scale: 1, stallAt: -1, stall: 0 };

export class VirtualLoop {
  #profile;
  #mutant;
  #at = 0;
  #looks = 0;
  #job = { free: 0, count: 0, queue: [] };
  #closing = [];
  #immediates = { queued: [], batch: [], refs: 0, unfinished: false };
  #polls = 0;

  constructor(profile, mutant, onUncaught) {
    this.#profile = profile;
    this.#mutant = mutant;
    this.now = 0;
    const report = (error) => {
      onUncaught(error);
      this.immediate(() => {});
    };
    this.report = report;
    this.queues = new Queues(report, mutant);
    this.timers = new Timers(this, () => this.queues.drain(), report, mutant);
    this.update();
  }

  // Clock readings so far: where a stall can make a difference.
  get looks() { return this.#looks; }

  #look() {
    if (this.#looks++ === this.#profile.stallAt) this.#at += this.#profile.stall;
  }

  update() {
    this.#look();
    const { phase, coarse } = this.#profile;
    let at = this.#at + phase;
    // The kernel's coarse clock ticks once a millisecond.
    if (coarse > 0) at -= (at + coarse) % 1000;
    this.now = Math.max(Math.floor(at / 1000), this.now);
    return this.now;
  }

  step() { this.#at += this.#profile.cost; }

  spin(ms) { this.#at += ms * this.#profile.scale * 1000; }

  ms(ms) { return Math.max(ms, 1) * this.#profile.scale; }

  work(done) {
    this.#look();
    const { jobs } = this.#profile;
    const job = this.#job;
    job.free = Math.max(job.free, this.#at) + jobs[job.count++ % jobs.length];
    job.queue.push({ end: job.free, done });
  }

  close(call) { this.#closing.push(call); }

  immediate(call) {
    const made = { call, refed: true, waiting: true };
    this.#immediates.queued.push(made);
    this.#immediates.refs++;
    return made;
  }

  clearImmediate(immediate) {
    if (!immediate.waiting) return;
    const { batch } = this.#immediates;
    if (this.#mutant === 'clear-not-in-batch' && batch.includes(immediate)) {
      return;
    }
    immediate.waiting = false;
    if (immediate.refed) this.#immediates.refs--;
  }

  refImmediate(immediate, ref) {
    if (!immediate.waiting || immediate.refed === ref) return;
    if (this.#mutant === 'unref-immediate-ignored') return;
    immediate.refed = ref;
    this.#immediates.refs += ref ? 1 : -1;
  }

  get alive() {
    return this.timers.alive || this.#immediates.refs > 0 ||
      this.#job.queue.length > 0 || this.#closing.length > 0;
  }

  // False when it threw: there is no drain then.
  dispatch(call, drains = true) {
    try {
      call();
    } catch (error) {
      this.report(error);
      if (this.#mutant !== 'drain-after-throw') return false;
    }
    if (drains) this.queues.drain();
    return true;
  }

  // As uv_run(). False when a limit on turns was passed.
  run() {
    const atTop = this.#mutant === 'timers-at-top';
    this.update();
    // The first turn is made even if its timers were all that kept it alive.
    let alive = this.alive;
    if (alive && !atTop) this.#runTimers();
    for (let turns = 0; alive; turns++) {
      if (turns === 5000) return false;
      if (atTop) this.#runTimers();
      this.#poll();
      this.#check();
      this.#runClosing();
      this.update();
      if (!atTop) this.#runTimers();
      alive = this.alive;
    }
    return true;
  }

  #runTimers() {
    this.update();
    while (this.timers.runDue()) this.queues.drain();
  }

  #poll() {
    this.#at += this.#profile.cost;
    const { queue } = this.#job;
    const sleeps = this.#immediates.refs === 0 && this.#closing.length === 0;
    if (sleeps && !(queue[0]?.end <= this.#at)) this.#sleep(queue[0]?.end);
    this.update();
    let ready = 0;
    while (ready < queue.length && queue[ready].end <= this.#at) ready++;
    const jobs = queue.slice(0, ready);
    for (const job of jobs) {
      queue.shift();
      this.dispatch(job.done, this.#mutant !== 'pool-one-drain');
    }
    if (ready > 0 && this.#mutant === 'pool-one-drain') this.queues.drain();
  }

  #sleep(jobEnd = Infinity) {
    const { early, late } = this.#profile;
    const { alarm } = this.timers;
    const timeout =
      alarm < 0 ? Infinity : Math.max(alarm - this.now, 0) * 1000;
    if (timeout === 0) return;
    // Something that is no business of ours ends every other sleep.
    if (early > 0 && this.#polls++ % 2 === 0 &&
        early < Math.min(timeout, jobEnd - this.#at)) {
      this.#at += early;
      return;
    }
    this.#at = Math.min(this.#at + timeout, jobEnd) + late;
  }

  #check() {
    const state = this.#immediates;
    this.queues.drain();
    if (state.queued.length === 0 && state.batch.length === 0) return;
    do {
      if (this.#runBatch()) this.queues.drain();
    } while (state.unfinished);
  }

  #runBatch() {
    const state = this.#immediates;
    if (state.batch.length === 0) {
      state.batch = state.queued;
      state.queued = [];
    }
    state.unfinished = true;
    let ran = false;
    while (state.batch.length > 0) {
      const immediate = state.batch[0];
      if (!immediate.waiting) {
        state.batch.shift();
        continue;
      }
      if (ran) {
        ran = false;
        if (this.#mutant !== 'no-drain-between' && !this.queues.drain()) {
          return false;
        }
        continue; // the drain may have cleared it
      }
      ran = true;
      state.batch.shift();
      immediate.waiting = false;
      if (immediate.refed) state.refs--;
      try {
        immediate.call();
      } catch (error) {
        this.report(error);
        if (this.#mutant === 'drain-after-throw') this.queues.drain();
        return false;
      }
      if (this.#mutant === 'nested-immediates') {
        state.batch.push(...state.queued.splice(0));
      }
    }
    state.unfinished = false;
    return true;
  }

  #runClosing() {
    const closing = this.#closing;
    this.#closing = [];
    if (this.#mutant !== 'close-fifo') closing.reverse();
    for (const call of closing) this.dispatch(call);
  }
}
