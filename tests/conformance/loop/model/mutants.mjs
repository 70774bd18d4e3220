// Scheduling rules that are wrong, each a switch of the model: what a
// comparison must be able to tell from Node.
export const MUTANTS = {
  'no-drain-between': 'timers and immediates of one phase share a drain, ' +
    'as before Node 11',
  'microtasks-first': 'microtasks run before ticks',
  'nested-immediates': 'an immediate made in a check phase runs in it',
  'close-fifo': 'close callbacks run first in, first out',
  'no-timer-lists': 'timers are ordered one by one, not by lists of a duration',
  'cached-time': 'a timer starts at the time of the phase',
  'timers-at-top': 'timers run before poll only, as in libuv 1.44',
  'live-listeners': 'emit sees what listeners add and remove',
  'off-first': 'off removes the first instance',
  'once-after-call': 'a once listener is removed after its call',
  'remove-all-fifo': 'removeAllListeners reports first in, first out',
  'new-listener-late': 'newListener is reported after the addition',
  'await-three': 'await of a settled promise costs three microtasks',
  'interval-from-end': 'an interval starts again at the end of its callback',
  'refresh-in-place': 'refresh leaves a timer where it is in its list',
  'clear-not-in-batch': 'clearImmediate leaves the batch that runs alone',
  'drain-after-throw': 'an error that was thrown is followed by a drain',
  'pool-one-drain': 'completions of one poll share a drain',
  'unref-immediate-ignored': 'an unref\'d immediate keeps the loop alive',
  'abort-reversed': 'listeners of an abort run last in, first out',
};
