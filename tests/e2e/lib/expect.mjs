// Small checks with messages that say what came instead.
import assert from "node:assert/strict";

export async function rejects(promise, code, text) {
  let reply;
  try {
    reply = await promise;
  } catch (error) {
    assert.equal(error.code, code, `expected ${code}, got ${error.message}`);
    if (text instanceof RegExp) assert.match(error.text, text);
    else if (text !== undefined) assert.equal(error.text, text);
    return error;
  }
  assert.fail(`expected ${code}, got ${JSON.stringify(reply)}`);
}

// Runs the named cases one after another and says which failed.
export async function cases(table) {
  let failed = 0;
  for (const [name, run] of Object.entries(table)) {
    try {
      await run();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}\n${error.stack ?? error}`);
    }
  }
  if (failed > 0) process.exitCode = 1;
}

// Asks until `ask` gives something that is not undefined.
export async function eventually(what, ask, timeoutMs = 30_000) {
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > giveUp) assert.fail(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
