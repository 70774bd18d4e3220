// Apache Kafka for the fault tests: one broker behind a proxy, or a cluster of
// three; each broker is killed, frozen and started again on its own.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import kafkajs from "../../e2e/node_modules/kafkajs/index.js";
import { Broker, Unavailable, freePorts, needKafka } from "../../e2e/lib/servers.mjs";
import { Proxy } from "./proxy.mjs";
import { within } from "./within.mjs";

// A busy machine takes its time to start three.
const PATIENCE_MS = 300_000;
// What one attempt of an admin client may take.
const ATTEMPT_MS = 30_000;
// Set by `run` when nobody else is on this network.
const OWN_NETWORK = process.env.MILLRACE_OWN_NETWORK === "1";
const FIRST_GID = 71_001;

const iptables = (...args) => execFileSync("iptables", args, { stdio: "pipe" });

export class Brokers {
  static async create(dir, { size, settings = [] }) {
    needKafka();
    const brokers = new Brokers();
    brokers.size = size;
    const base = await freePorts(2 * size + 2);
    brokers.all = [];
    for (let i = 0; i < size; ++i) {
      const port = base + 2 * i;
      const own = size === 1 ? [] : [`cluster.node=${i + 1}`, `cluster.base=${base}`];
      const gid = OWN_NETWORK ? FIRST_GID + i : undefined;
      brokers.all.push(new Broker(join(dir, `broker-${i + 1}`), port, [...own, ...settings], { patienceMs: PATIENCE_MS, gid }));
    }
    if (size === 1) await brokers.#addProxy(base + 2);
    for (const broker of brokers.all) broker.launch();
    for (const broker of brokers.all) await broker.ready();
    return brokers;
  }

  // A second listener, whose address leads through the proxy.
  async #addProxy(port) {
    const [broker] = this.all;
    this.proxy = new Proxy(port);
    await this.proxy.listen(port + 1);
    const own = `127.0.0.1:${broker.port}`;
    broker.settings.push(
      `listeners=PLAINTEXT://${own},CONTROLLER://127.0.0.1:${broker.port + 1},PROXIED://127.0.0.1:${port}`,
      `advertised.listeners=PLAINTEXT://${own},PROXIED://127.0.0.1:${port + 1}`,
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
    );
    this.proxied = `127.0.0.1:${port + 1}`;
  }

  // From now on `from` reaches none of `to`: what it sends to their ports is
  // lost, whether it opens a connection or has one. Clients reach all of them.
  cut(from, to) {
    if (!OWN_NETWORK) throw new Unavailable("a network of its own takes root, unshare and iptables");
    for (const { port } of to) {
      iptables("-A", "OUTPUT", "-p", "tcp", "-m", "owner", "--gid-owner", String(from.gid),
        "-m", "multiport", "--dports", `${port},${port + 1}`, "-j", "DROP");
    }
  }

  // Packets that were lost so far.
  lost() {
    return iptables("-L", "OUTPUT", "-nvx").toString().split("\n").slice(2)
      .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0);
  }

  heal() {
    iptables("-F", "OUTPUT");
  }

  get addresses() {
    return this.all.map((broker) => `127.0.0.1:${broker.port}`).join(",");
  }

  // Calls `ask` with an admin client, again until it works.
  async admin(ask, timeoutMs = 60_000) {
    const giveUp = Date.now() + timeoutMs;
    for (;;) {
      const admin = this.client().admin();
      try {
        // kafkajs may wait for an answer that it lost with its connection.
        return await within(ATTEMPT_MS, admin.connect().then(() => ask(admin)));
      } catch (error) {
        if (Date.now() > giveUp) throw error;
        await sleep(200);
      } finally {
        await within(ATTEMPT_MS, admin.disconnect()).catch(() => {});
      }
    }
  }

  client() {
    return new kafkajs.Kafka({
      clientId: "faults", brokers: this.addresses.split(","), logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: 3000, requestTimeout: 5000, retry: { retries: 2 },
    });
  }

  // What is between a group and the end of a topic.
  lag(group, topic) {
    return this.admin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const at = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      return ends.reduce((sum, { partition, low, high }) =>
        sum + Number(high) - Math.max(Number(low), at.get(partition) ?? -1), 0);
    });
  }

  // Records that a topic holds; 0 when there is none.
  records(topic) {
    return this.admin(async (admin) => {
      if (!(await admin.listTopics()).includes(topic)) return 0;
      return (await admin.fetchTopicOffsets(topic)).reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
    });
  }

  // Its state and members.
  async group(name) {
    const { groups: [found] } = await this.admin((admin) => admin.describeGroups([name]));
    return found;
  }

  // Of its first partition, as any of the brokers knows it.
  async leader(topic) {
    const { topics: [found] } = await this.admin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    return this.all[found.partitions[0].leader - 1];
  }

  async close() {
    this.proxy?.close();
    for (const broker of this.all) await broker.kill();
  }
}
