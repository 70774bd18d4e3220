// twin_rpc.mjs DIR: the Node twin of the templates service, for compare_rpc.mjs:
// templates.v1.TemplatesService/RenderTemplate with @grpc/grpc-js and Handlebars.
// The templates of DIR are compiled before it prints its port.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { grpc, service } from './rpc.mjs';

const packages = createRequire(fileURLToPath(new URL('../../conformance/templates/package.json', import.meta.url)));
const Handlebars = packages('handlebars');

const [dir] = process.argv.slice(2);
const templates = new Map();
for (const file of fs.readdirSync(dir)) {
  if (!file.endsWith('.hbs')) continue;
  const source = Handlebars.precompile(fs.readFileSync(path.join(dir, file), 'utf8'));
  templates.set(path.basename(file, '.hbs'), Handlebars.template((0, eval)(`(${source})`)));
}

// A google.protobuf.Value as what it stands for.
function plain(value) {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.numberValue !== undefined) return value.numberValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.structValue) return object(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(plain);
  return null;
}

function object(struct) {
  const result = {};
  for (const name in struct.fields) result[name] = plain(struct.fields[name]);
  return result;
}

const server = new grpc.Server();
server.addService(service, {
  RenderTemplate({ request }, done) {
    const template = templates.get(request.name);
    if (template === undefined) return done({ code: grpc.status.NOT_FOUND, details: 'no such template' });
    done(null, {
      contentType: 'text/html',
      body: template(request.json !== undefined ? JSON.parse(request.json.toString()) : object(request.data ?? {})),
      version: 1,
      locale: 'en',
    });
  },
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
