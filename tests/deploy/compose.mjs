// The main job on the stack as it is deployed: real containers, the published
// ports, the generated TypeScript and Python clients. Meanwhile a process of
// each service and the broker are killed, users is scaled to three, and
// everything is upgraded to another image. Then the stack asks who calls
// (IDENTITY=on), and the job goes on with a token.
// Usage: node compose.mjs [people] [seed]
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { eventually, rejects } from "../e2e/lib/expect.mjs";
import { checkAll, createAll } from "../e2e/lib/main_job.mjs";
import { people } from "../e2e/lib/people.mjs";
import { root } from "../e2e/lib/platform.mjs";
import { endPython, PythonFace, TypeScriptFace } from "./generated.mjs";
import * as deployed from "./stack.mjs";
import { address, containers, docker, project, SERVICES, timed } from "./stack.mjs";

const [count = 300, seed = 20263] = process.argv.slice(2).map(Number);
const images = [`${project}:one`, `${project}:two`];

let identity = "off";
const stack = (image, ...args) => deployed.stack(image, { IDENTITY: identity }, ...args);

// The clients of every container that runs, taken in turn; with `trust` what
// they show and whom they believe.
let clients = {};
let trust = {};
function lookUp() {
  for (const name of SERVICES) {
    clients[name] = containers(name).flatMap((id) => {
      try {
        const at = { ...trust, grpc: address(id, "9090"), http: address(id, "8080") };
        return [{ typescript: new TypeScriptFace(at), python: new PythonFace(at) }];
      } catch {
        return [];  // between two restarts it has no port
      }
    });
  }
  clients.sessions = clients.users;
}
let turn = 0;
const client = (language) => ({
  call: (service, ...rest) => clients[service][turn++ % clients[service].length][language].call(service, ...rest),
});
const typescript = client("typescript");
const python = client("python");
// As createAll() names them.
const both = { grpc: typescript, http: python };

// What is there is found by either client.
async function check(everybody, besides = []) {
  for (const [name, face] of Object.entries({ typescript, python })) {
    console.log(`checked by ${name} ${JSON.stringify(await checkAll(everybody, face, { idleMs: 60_000, besides }))}`);
  }
}

async function crash(service) {
  await deployed.crash(service);
  lookUp();
}

async function main() {
  await timed("two images", async () => {
    images.forEach(deployed.makeImage);
  });
  await timed("up and healthy", () => stack(images[0], "up"));
  for (const name of SERVICES) {
    const [id] = containers(name);
    assert.equal(docker("inspect", "-f", "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}", id), "10001:10001 true [ALL]");
  }
  lookUp();

  const everybody = people(count, seed);
  const incidents = [
    [0.1, "templates killed", () => crash("templates")],
    [0.25, "users killed", () => crash("users")],
    [0.4, "the broker killed", () => crash("kafka")],
    [0.55, "users scaled to three", async () => {
      await stack(images[0], "up", "--scale", "users=3");
      assert.equal(containers("users").length, 3);
      lookUp();
    }],
    [0.75, "upgraded", async () => {
      await stack(images[1], "up", "--scale", "users=3");
      lookUp();
    }],
  ];
  let mending = Promise.resolve();
  const strike = (n) => {
    while (incidents.length > 0 && n > incidents[0][0] * count) {
      const [, what, run] = incidents.shift();
      mending = mending.then(() => timed(what, run));
    }
  };
  await timed("people created", async () => {
    await createAll(everybody, () => both, strike, 4);
    await mending;
  });
  assert.equal(incidents.length, 0);
  for (const name of SERVICES) {
    for (const id of containers(name)) assert.equal(docker("inspect", "-f", "{{.Config.Image}}", id), images[1]);
  }
  await check(everybody);
  await withIdentity(everybody);
}

const ROOT = "root@example.org";
const password = "correct horse battery";

// The first administrator, as deploy/README.md has it: the ticket.
async function bootstrap() {
  const secret = join(root, "deploy/compose/secrets/users_password");
  const { stdout } = await stack(images[1], "run", "--rm", "--no-deps", "-T",
    "-v", `${secret}:/run/secrets/users_password:ro`,
    "-e", "MILLRACE_DATABASES_USERS_URL=postgresql://users@postgres:5432/users",
    "-e", "MILLRACE_DATABASES_USERS_PASSWORD_FILE=/run/secrets/users_password",
    "--entrypoint", "/usr/local/bin/millrace", "admin_schema",
    "admin", "bootstrap", ROOT, "--set", "databases.admin.url=postgresql://admin@postgres:5432/admin");
  return /"ticket": "([^"]+)"/.exec(stdout)[1];
}

// The same people and some more, in a stack that asks who calls.
async function withIdentity(everybody) {
  const ticket = await bootstrap();
  identity = "on";
  await timed("asks who calls", () => stack(images[1], "up"));
  const caFile = join(root, "deploy/compose/secrets/ca.crt");
  trust = { caFile, ca: readFileSync(caFile, "utf8") };
  lookUp();
  // TypeScript calls by gRPC and by HTTP in turn.
  for (const face of [typescript, typescript, python]) {
    await rejects(face.call("users", "ListUsers"), "UNAUTHENTICATED");
    await rejects(face.call("users", "CreateUser", everybody[0]), "UNAUTHENTICATED");
  }
  await typescript.call("sessions", "SetPassword", { ticket, new_password: password });
  // What a token says is what has been heard of the grant.
  await eventually("a token that says what its owner may", async () => {
    const { access_token: token } = await python.call("sessions", "Login", { email: ROOT, password });
    trust = { ...trust, token };
    lookUp();
    return python.call("users", "ListUsers").then(() => true, (error) => {
      if (error.code !== "PERMISSION_DENIED") throw error;
    });
  });
  const others = people(40, seed + 1).map((person) => ({ ...person, email: `b.${person.email}` }));
  await timed("people created with a token", () => createAll(others, () => both, () => {}, 4));
  await check([...everybody, ...others], [ROOT]);
}

await deployed.run(main, images, endPython);
