// The emitter of the model. `undecided` is called where Node's answer is an
// accident of its implementation: when listeners change what is under way.
export class ModelEmitter {
  #events = new Map(); // ev -> entries {fn, once, fired}

  constructor(mutant, undecided) {
    this.mutant = mutant;
    this.undecided = undecided;
  }

  add(ev, mode, fn) {
    const once = mode === 'once' || mode === 'prependOnce';
    const prepend = mode === 'prepend' || mode === 'prependOnce';
    const late = this.mutant === 'new-listener-late';
    if (!late) this.#call('newListener', ev);
    if (!this.#events.has(ev)) this.#events.set(ev, []);
    const entry = { fn, once, fired: false };
    const change = (list) =>
      (prepend ? [entry, ...list] : [...list, entry]);
    this.#change(ev, change);
    if (late) this.#call('newListener', ev);
  }

  // Copies, since an emit may be going through the list.
  #change(ev, change) {
    const list = this.#events.get(ev);
    const changed = change(list);
    if (changed.length === 0) {
      this.#events.delete(ev);
      if (this.mutant === 'live-listeners') list.length = 0;
    } else if (this.mutant === 'live-listeners') {
      list.splice(0, list.length, ...changed);
    } else {
      this.#events.set(ev, changed);
    }
  }

  remove(ev, fn) { this.#removeIf(ev, (entry) => entry.fn === fn); }

  #removeIf(ev, matches) {
    const list = this.#events.get(ev) ?? [];
    const index = this.mutant === 'off-first' ?
      list.findIndex(matches) : list.findLastIndex(matches);
    if (index < 0) return;
    this.#change(ev, (entries) => entries.filter((_, i) => i !== index));
    this.#call('removeListener', ev);
  }

  removeAll(ev) {
    if (!this.#events.has('removeListener')) {
      if (ev === undefined) this.#events.clear();
      else this.#events.delete(ev);
      return;
    }
    if (ev !== undefined) {
      this.#removeEach(ev);
      return;
    }
    for (const name of this.names()) {
      if (name !== 'removeListener') this.#removeEach(name);
    }
    this.#removeEach('removeListener');
    this.#events.clear();
  }

  #removeEach(ev) {
    const entries = [...this.#events.get(ev) ?? []];
    while (entries.length > 0) {
      const list = this.#events.get(ev) ?? [];
      if (list.length !== entries.length ||
          list.some((entry, i) => entry !== entries[i])) {
        this.undecided();
      }
      const entry =
        this.mutant === 'remove-all-fifo' ? entries.shift() : entries.pop();
      this.#removeIf(ev, (one) => one === entry);
    }
  }

  // `payload` is as printed; for an error it is thrown as a message.
  emit(ev, payload) {
    if (ev === 'error') {
      const before = this.#events.get('error');
      this.#call('errorMonitor', payload);
      if (this.#events.get('error') !== before) {
        this.undecided();
      }
      if (!before) throw new Error(payload);
    }
    return this.#call(ev, payload);
  }

  #call(ev, payload) {
    const list = this.#events.get(ev);
    if (!list) return false;
    for (const entry of list) {
      if (!entry.once) {
        entry.fn.call(payload);
      } else if (!entry.fired) {
        const remove = () => {
          entry.fired = true;
          this.#removeIf(ev, (one) => one === entry);
        };
        if (this.mutant !== 'once-after-call') {
          remove();
          entry.fn.call(payload);
        } else {
          entry.fn.call(payload);
          remove();
        }
      }
    }
    return true;
  }

  count(ev) { return (this.#events.get(ev) ?? []).length; }

  listeners(ev) {
    return (this.#events.get(ev) ?? []).map((entry) => entry.fn.id);
  }

  // A symbol comes last.
  names() {
    const names = [...this.#events.keys()];
    return names.filter((name) => name !== 'errorMonitor')
      .concat(names.filter((name) => name === 'errorMonitor'));
  }
}
