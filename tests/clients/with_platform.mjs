// Starts the platform on free ports with a data directory of its own, runs a
// command that finds it by MILLRACE_ADDRESS (gRPC) and MILLRACE_URL (HTTP), and
// stops it again. Ends as the command did.
//
//   with_platform.mjs COMMAND [ARG...]
import { spawn } from "node:child_process";

import { scratch, startAllInOne } from "../e2e/lib/platform.mjs";

const [file, ...args] = process.argv.slice(2);
const { program, http, grpc } = await startAllInOne(scratch("clients"));
const child = spawn(file, args, {
  stdio: "inherit",
  env: { ...process.env, MILLRACE_ADDRESS: grpc, MILLRACE_URL: `http://${http}` },
});
process.on("exit", () => child.kill("SIGKILL"));
const code = await new Promise((resolve) => {
  child.once("error", (error) => resolve(console.error(String(error)) ?? 1));
  child.once("close", (code, signal) => resolve(code ?? (console.error(`ended by ${signal}`), 1)));
});
const end = await program.kill("SIGTERM");
if (end.code !== 0) console.error(`SIGTERM ended the platform with ${JSON.stringify(end)}`);
process.exitCode = code || (end.code === 0 ? 0 : 1);
