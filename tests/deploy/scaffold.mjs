// A service that `millrace new` wrote, as its deploy/ says: built, made an image
// upon the platform's, and started by its compose file beside the stack, which is
// then upgraded to the admin that knows it. It is called, its events arrive in
// the audit trail, events of users arrive at it, and a crash loses nothing.
// Usage: node scaffold.mjs
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { eventually } from "../e2e/lib/expect.mjs";
import { bin, scratch } from "../e2e/lib/platform.mjs";
import { plainEnvironment } from "../e2e/lib/process.mjs";
import * as deployed from "./stack.mjs";
import { address, base, containers, crash, docker, project, stack, timed } from "./stack.mjs";

const folder = join(scratch("scaffold"), "parcels");
const images = [`${project}:parcels`, `${project}:platform`];
const own = `${project}parcels`;  // the compose project of the service
const execute = promisify(execFile);

// What a user types in the service's folder.
const type = (file, args, env = {}) => execute(file, args, { cwd: folder, env: { ...plainEnvironment, ...env }, maxBuffer: 1 << 26 });
const millrace = (...args) => execute(join(bin, "millrace"), args, { env: plainEnvironment });

const compose = await execute("docker", ["compose", "version"]).then(() => ["docker", "compose"], () => ["docker-compose"]);
function beside(...args) {
  const [file, ...first] = compose;
  return type(file, [...first, "-f", "deploy/compose.yaml", ...args], {
    COMPOSE_PROJECT_NAME: own, PARCELS_IMAGE: images[0], MILLRACE_NETWORK: `${project}_default`,
    PARCELS_HTTP_PORT: `${base + 60}`, PARCELS_GRPC_PORT: `${base + 61}`,
  });
}

const healthy = () => eventually("parcels is healthy", () => {
  const [id] = containers("parcels", own);
  return id && docker("inspect", "-f", "{{.State.Health.Status}}", id) === "healthy";
}, 120_000);

async function call(at, method, body = {}) {
  const response = await fetch(`http://${at}/${method}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${method}: ${text}`);
  return JSON.parse(text);
}

async function main() {
  await timed("written and built", async () => {
    await execute(join(bin, "millrace"), ["new", "parcels"], { cwd: join(folder, ".."), env: plainEnvironment });
    const cache = { CCACHE_BASEDIR: folder, CCACHE_NOHASHDIR: "1" };
    await type("cmake", ["-S", ".", "-B", "build", "-G", "Ninja", `-DCMAKE_PREFIX_PATH=${join(bin, "..")}`], cache);
    await type("cmake", ["--build", "build"], cache);
  });
  await timed("two images", async () => {
    deployed.makeImage(images[1]);
    await type("docker", ["build", "-q", "-f", "deploy/Dockerfile", "--build-arg", `MILLRACE_IMAGE=${images[1]}`, "-t", images[0], "."],
      { DOCKER_BUILDKIT: "0" });
  });
  await timed("the platform's stack", () => stack(images[1], {}, "up"));
  await timed("the service beside it", async () => {
    await beside("up", "-d");
    await healthy();
  });
  await timed("an admin that knows it", () => stack(images[0], {}, "up"));

  const at = (service, of) => address(containers(service, of)[0], "8080");
  const parcels = (method, body) => call(at("parcels", own), `parcels.v1.ParcelsService/${method}`, body);
  const admin = (method, body) => call(at("admin"), `admin.v1.AdminService/${method}`, body);
  const titles = async (ownerId) => ((await parcels("ListParcels", { ownerId })).parcels ?? []).map((parcel) => parcel.title);

  const { id: ada } = await call(at("users"), "users.v1.UsersService/CreateUser", { email: "ada@example.org", displayName: "Ada" });
  const { id: bob } = await call(at("users"), "users.v1.UsersService/CreateUser", { email: "bob@example.org", displayName: "Bob" });
  const { id } = await parcels("CreateParcel", { ownerId: ada, title: "twelve oranges" });
  await parcels("CreateParcel", { ownerId: bob, title: "a crate of pears" });
  await eventually("the trail has both events of parcels", async () => {
    const { entries = [] } = await admin("QueryAudit", { pageSize: 100 });
    return entries.filter((entry) => entry.eventType === "parcels.v1.ParcelEvents.Created").length === 2;
  }, 60_000);
  const { permissions } = await admin("ListPermissions");
  assert.ok(JSON.stringify(permissions).includes("parcels.parcels.write"), JSON.stringify(permissions));

  await timed("parcels killed", () => crash("parcels", own));
  assert.deepEqual(await parcels("GetParcel", { id }), (await parcels("ListParcels", { ownerId: ada })).parcels[0]);

  // As the users service says it when it forgets a person.
  const grpc = address(containers("parcels", own)[0], "9090");
  await millrace("emit", "--grpc", grpc, "users.v1.UserEvents.Purged", JSON.stringify({ userId: ada }));
  await eventually("what the person had is gone", async () => (await titles(ada)).length === 0, 60_000);
  assert.deepEqual(await titles(bob), ["a crate of pears"]);
}

await deployed.run(async () => {
  try {
    await main();
  } catch (error) {
    console.log((await beside("logs", "--no-color", "--tail", "30").catch((e) => e)).stdout);
    throw error;
  }
}, images, () => beside("down", "-v", "-t", "20").catch(console.log));
