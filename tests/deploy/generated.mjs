// The clients that are generated from the contracts, as tests/clients/install
// has put them into build/clients, in the form in which the main job calls.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { CallError } from "../e2e/lib/clients.mjs";
import { root } from "../e2e/lib/platform.mjs";

const here = join(root, "tests/deploy/clients");
const typescript = join(root, "build/clients/typescript/.work/stack");
const python = join(root, "build/clients/python/.work/venv/bin/python");

mkdirSync(typescript, { recursive: true });
copyFileSync(join(here, "typescript.mjs"), join(typescript, "client.mjs"));
const { TypeScriptClient } = await import(join(typescript, "client.mjs"));

const raise = (code, text, away) => new CallError(code, text, { away });

export class TypeScriptFace {
  // `at` is {grpc, http, ca, token}: addresses of one container.
  constructor(at) {
    this.client = new TypeScriptClient(at);
  }

  call(service, method, request = {}, timeoutMs = 15_000) {
    return this.client.call(service, method, request, timeoutMs, raise);
  }
}

// One process of Python for all its faces: imports take a second.
class Python {
  constructor() {
    this.pending = new Map();
    this.child = spawn(python, ["-B", join(here, "python_client.py")], { stdio: ["pipe", "pipe", "inherit"] });
    process.on("exit", () => this.child.kill("SIGKILL"));
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      const { id, ...result } = JSON.parse(line);
      this.pending.get(id)(result);
      this.pending.delete(id);
    });
    this.child.once("close", (code) => {
      for (const settle of this.pending.values()) settle({ code: "BROKEN", text: `the Python client has ended: ${code}` });
    });
  }

  async call(job) {
    const id = (this.next = (this.next ?? 0) + 1);
    const result = await new Promise((resolve) => {
      this.pending.set(id, resolve);
      this.child.stdin.write(JSON.stringify({ id, ...job }) + "\n");
    });
    if (result.reply) return result.reply;
    if (result.code === "BROKEN") throw new Error(result.text);
    const { code, text } = result;
    throw raise(code, text, code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED" || (code === "UNKNOWN" && text === "Stream removed"));
  }

  end() {
    this.child.stdin.end();
  }
}

let shared;
export class PythonFace {
  // As TypeScriptFace; `caFile` names the file with `ca`.
  constructor({ grpc, caFile, token }) {
    this.at = { address: grpc, ca: caFile ?? "", token };
    shared ??= new Python();
  }

  call(service, method, request = {}, timeoutMs = 15_000) {
    return shared.call({ ...this.at, service, method, request, timeout: timeoutMs / 1000 });
  }
}

export function endPython() {
  shared?.end();
}
