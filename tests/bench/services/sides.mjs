// The users service and its NestJS peer of tests/bench/peers, each as a process
// that serves users.v1.UsersService with access tokens and a line of log per
// call, on a database of its own.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

import { bin, root } from '../../e2e/lib/platform.mjs';
import { freePort } from '../../e2e/lib/servers.mjs';
import { Server } from '../support/side_by_side.mjs';

const packages = createRequire(path.join(root, 'tests/e2e/package.json'));
const grpc = packages('@grpc/grpc-js');
const loader = packages('@grpc/proto-loader');

const PEERS = path.join(root, 'tests/bench/peers');
export const peerPackages = createRequire(path.join(PEERS, 'package.json'));
const PROTO_DIRS = [path.join(root, 'proto'), path.join(bin, '../gen/proto')];
const PERMISSIONS = ['users.users.read', 'users.users.write'];

// Why there is no peer here.
export function missing() {
  const [major] = process.versions.node.split('.');
  if (Number(major) < 20) return `NestJS needs Node.js 20 or newer, this is ${process.version}`;
  if (existsSync(path.join(PEERS, 'node_modules/.package-lock.json'))) return undefined;
  return "the npm packages are not there: run 'npm ci' in tests/bench/peers";
}

export function compilePeer() {
  execFileSync(process.execPath, [path.join(PEERS, 'node_modules/typescript/bin/tsc'), '-p', PEERS], { stdio: 'inherit' });
}

// Who signs the tokens that both verify.
export class Issuer {
  static async start() {
    const issuer = new Issuer();
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    issuer.key = privateKey;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', use: 'sig', alg: 'EdDSA' };
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    issuer.jwks = `http://127.0.0.1:${server.address().port}/jwks.json`;
    return issuer;
  }

  token(subject = 'bench', permissions = PERMISSIONS) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    const text = `${part({ alg: 'EdDSA', typ: 'at+jwt', kid: 'bench' })}.${part({
      iss: 'millrace', aud: 'millrace', sub: subject, iat: now, exp: now + 86400, permissions })}`;
    return `${text}.${sign(null, Buffer.from(text), this.key).toString('base64url')}`;
  }
}

const ready = /^ready http=\S+ grpc=(\S+)$/;

// `database` is the URL of a PostgreSQL database; a file in DIR when there is
// none. `dir` is kept between two starts of one name.
export const SIDES = {
  ours({ dir, name = 'ours', issuer, database, program = ['users'] }) {
    const [file, ...words] = program;
    const url = database ? ['--set', `databases.users.url=${database}`] : [];
    return new Server(dir, name, path.join(bin, file), [...words, '--data', path.join(dir, name), '--http-port', '0', '--grpc-port', '0',
      '--identity-jwks', issuer.jwks, '--set', 'identity.access=true', ...url]).line(ready);
  },
  async peer({ dir, name = 'peer', issuer, database }) {
    const port = await freePort();
    mkdirSync(path.join(dir, name), { recursive: true });
    const server = await new Server(dir, name, process.execPath, [path.join(PEERS, 'dist/main.js')], {
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: database ?? `sqlite://${path.join(dir, name, 'users.db')}`,
      JWKS_URL: issuer.jwks,
      PROTO_DIRS: PROTO_DIRS.join(':'),
    }).line(/^ready$/);
    server.address = `127.0.0.1:${port}`;
    return server;
  },
};

const { UsersService } = grpc.loadPackageDefinition(
  loader.loadSync('users/v1/users.proto', { includeDirs: PROTO_DIRS, longs: Number, enums: String, defaults: true })).users.v1;

export class Client {
  #client;

  constructor(address) {
    this.#client = new UsersService(address, grpc.credentials.createInsecure());
  }

  // What it answers, or the name of the code of its error.
  call(method, request, token) {
    const metadata = new grpc.Metadata();
    if (token) metadata.set('authorization', `Bearer ${token}`);
    return new Promise((resolve) => this.#client[method](request, metadata, { deadline: Date.now() + 15_000 }, (error, reply) =>
      resolve(error ? { code: grpc.status[error.code], details: error.details } : { code: 'OK', reply })));
  }

  close() {
    this.#client.close();
  }
}
