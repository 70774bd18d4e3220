// A wall clock that a test sets: the shim of tests/faults, preloaded into a
// program.
import { closeSync, existsSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { bin } from "./platform.mjs";
import { Unavailable } from "./servers.mjs";

export class ShiftedClock {
  constructor(dir) {
    const shim = join(bin, "../tests/fault_clock.so");
    if (!existsSync(shim)) throw new Unavailable("fault_clock.so is not built");
    this.file = join(dir, "clock");
    writeFileSync(this.file, Buffer.alloc(8));
    // Of who is to have this clock.
    this.env = { LD_PRELOAD: shim, FAULTS_CLOCK_SHIFT: this.file };
  }

  // So many seconds ahead of the machine's clock, or behind.
  shift(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    const fd = openSync(this.file, "r+");
    writeSync(fd, bytes, 0, 8, 0);
    closeSync(fd);
  }
}
