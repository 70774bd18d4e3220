// The platform as a new user runs it: one process, or three.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Program } from "./process.mjs";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const bin = process.env.MILLRACE_BIN ?? join(root, "build/release/bin");

export function scratch(name) {
  const dir = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  process.on("exit", () => {
    if (process.exitCode || process.env.MILLRACE_KEEP) console.log(`kept: ${dir}`);
    else rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

// Starts a program and waits for its line `ready http=ADDR grpc=ADDR`.
export async function start(name, file, args, options) {
  const program = new Program(name, file, args, options);
  const [, http, grpc] = await program.line(/^ready http=(\S+) grpc=(\S+)$/);
  return { program, http, grpc };
}

// Runs a program that is expected to end by itself.
export async function run(name, file, args, options) {
  const program = new Program(name, file, args, options);
  const { code } = await program.exited;
  return { code, stdout: program.lines.join("\n"), stderr: program.errors.join("\n") };
}

export function startAllInOne(dir, args = [], options = {}) {
  return start(
    "millrace",
    join(bin, "millrace"),
    ["up", "--data", join(dir, "data"), "--http-port", "0", "--grpc-port", "0", ...args],
    { log: join(dir, "millrace.log"), ...options },
  );
}
