// The documents that the built command line writes, and what validators say.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import asyncapi from "@asyncapi/parser";
import protobuf from "@asyncapi/protobuf-schema-parser";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export const here = fileURLToPath(new URL(".", import.meta.url));
export const root = join(here, "../..");
export const bin = process.env.MILLRACE_BIN ?? join(root, "build/release/bin");
export const golden = join(root, "tools/contracts/testdata/tree");

export const scratch = mkdtempSync(join(tmpdir(), "millrace-contracts-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

export function millrace(...args) {
  const { status, stdout, stderr, error } = spawnSync(join(bin, "millrace"), ["contracts", ...args], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

export function written(...args) {
  const { status, stdout, stderr } = millrace(...args);
  if (status !== 0) throw new Error(`millrace contracts ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

// What the AsyncAPI parser finds, as lines. Informational notes are left out by
// rule: "a newer version of AsyncAPI is there" is no fault of a document.
export async function asyncApiFindings(text) {
  const parser = new asyncapi.Parser();
  const factory = protobuf.ProtoBuffSchemaParser ?? protobuf.default ?? protobuf;
  parser.registerSchemaParser(factory());
  const { document, diagnostics } = await parser.parse(text);
  const findings = diagnostics
    .filter(({ code }) => !["asyncapi-latest-version"].includes(code))
    .map(({ code, severity, message, path }) => `${["error", "warning", "info", "hint"][severity]} ${code} at ${path.join(".")}: ${message}`);
  return { document, findings };
}

// What Redocly finds, as lines.
export function openApiFindings(text) {
  const file = join(scratch, "openapi.yaml");
  writeFileSync(file, text);
  const { stdout, stderr, status, error } = spawnSync(
    process.execPath,
    [join(here, "node_modules/@redocly/cli/bin/cli.js"), "lint", file, "--config", join(here, "redocly.yaml"), "--format", "json", "--max-problems", "10000"],
    { encoding: "utf8", env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" }, maxBuffer: 64 << 20 },
  );
  if (error) throw error;
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    throw new Error(`redocly ended with ${status}: ${stdout}${stderr}`);
  }
  return report.problems.map(({ ruleId, severity, message, location }) => `${severity} ${ruleId} at ${location?.[0]?.pointer}: ${message}`);
}

// Compiles a schema of the document; `closed` takes no fields that are not
// documented, so that an answer cannot have one.
export function compiler(document, { closed = false } = {}) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  for (const format of ["int32", "uint32", "int64", "uint64", "float", "double"]) ajv.addFormat(format, true);
  const copy = structuredClone(document);
  for (const schema of Object.values(copy.components.schemas)) {
    if (closed && schema.properties && !schema.properties["@type"]) schema.additionalProperties = false;
  }
  ajv.addSchema(copy, "document");
  return (pointer) => {
    const validate = ajv.getSchema(`document#${pointer}`) ?? ajv.compile({ $ref: `document#${pointer}` });
    return (value) => (validate(value) ? [] : validate.errors.map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`));
  };
}
