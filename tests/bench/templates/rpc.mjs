// templates.v1.TemplatesService for @grpc/grpc-js, decoded as cheaply as it can
// be: no defaults are filled in, and names are as protobuf.js has them.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const packages = createRequire(path.join(root, 'tests/e2e/package.json'));
export const grpc = packages('@grpc/grpc-js');
const loader = packages('@grpc/proto-loader');

const api = grpc.loadPackageDefinition(loader.loadSync('templates/v1/templates.proto', {
  includeDirs: [path.join(root, 'proto')], longs: Number,
}));
export const Client = api.templates.v1.TemplatesService;
export const { service } = Client;
