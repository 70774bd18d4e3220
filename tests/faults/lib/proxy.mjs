// A TCP proxy whose directions can be cut and healed. A cut is one of the
// network: nothing is closed, bytes wait (as packets are sent again), and new
// connections are accepted into the silence.
import { connect, createServer } from "node:net";

export class Proxy {
  #pairs = new Set();
  #cut = { toServer: false, toClient: false };

  constructor(target) {
    this.target = target;
    this.server = createServer({ pauseOnConnect: true }, (client) => this.#accept(client));
  }

  async listen(port) {
    this.port = port;
    await new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, "127.0.0.1", resolve);
    });
  }

  #accept(client) {
    const server = connect(this.target, "127.0.0.1");
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.on("data", (bytes) => {
        if (!to.write(bytes)) from.pause();
      });
      to.on("drain", () => this.#flow(pair));
      from.on("error", () => {});
      from.on("end", () => to.end());
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
    this.#flow(pair);
  }

  #flow({ client, server }) {
    if (this.#cut.toServer) client.pause();
    else client.resume();
    if (this.#cut.toClient) server.pause();
    else server.resume();
  }

  cut({ toServer = true, toClient = true } = {}) {
    this.#cut = { toServer, toClient };
    for (const pair of this.#pairs) this.#flow(pair);
  }

  heal() {
    this.cut({ toServer: false, toClient: false });
  }

  close() {
    this.server.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }
}
