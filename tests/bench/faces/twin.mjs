// twin.mjs bare|pipeline: the Node twin of our HTTP servers, on node:http.
//
// Serves GET /hello and POST /millrace.test.Echo/Say as JSON, the second with
// what the platform's pipeline does before a handler and behind it when asked:
// traces that are kept, access tokens, limits by address, by caller and of
// calls in flight, a deadline, a rule, metrics. Prints its port, and a token.
import crypto from 'node:crypto';
import http from 'node:http';

const NAME = 'millrace';
const hello = Buffer.from('{"text":"hello"}');

function answer(response, status, value) {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

class CallError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function body(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let size = 0;
    request.on('data', (part) => {
      size += part.length;
      if (size > 4 << 20) reject(new CallError(413, 'resource_exhausted', 'the request is too large'));
      parts.push(part);
    });
    request.on('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    request.on('error', reject);
  });
}

// The handler.
async function say(request) {
  return { text: request.text };
}

// The call itself: JSON to a request, the handler, its reply to JSON.
async function callOf(request, check) {
  if (request.headers['content-type'] !== 'application/json') {
    throw new CallError(415, 'unknown', 'application/json is taken');
  }
  let message;
  try {
    message = JSON.parse((await body(request)).toString('utf8'));
  } catch (error) {
    throw new CallError(400, 'invalid_argument', error.message);
  }
  if (message === null || typeof message !== 'object' || typeof message.text !== 'string') {
    throw new CallError(400, 'invalid_argument', 'text: must be a string');
  }
  check(message);
  return say(message);
}

// --- what the pipeline does

const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
const coded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function issue() {
  const now = Math.floor(Date.now() / 1000);
  const text = `${coded({ alg: 'EdDSA', typ: 'at+jwt' })}.${coded({ iss: NAME, aud: NAME, sub: 'ada', iat: now, exp: now + 3600 })}`;
  return `${text}.${crypto.sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

const remembered = new Map();  // identities by token, for a minute
function identify(headers) {
  const { authorization } = headers;
  if (authorization === undefined || !authorization.startsWith('Bearer ')) {
    throw new CallError(401, 'unauthenticated', 'an access token is needed');
  }
  const token = authorization.slice(7);
  const known = remembered.get(token);
  if (known !== undefined && known.until > Date.now()) return known.identity;
  const [head, claims, signature] = token.split('.');
  const good = crypto.verify(null, Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature ?? '', 'base64url'));
  const { iss, aud, sub, exp } = good ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : {};
  if (!good || iss !== NAME || aud !== NAME || exp * 1000 <= Date.now()) {
    throw new CallError(401, 'unauthenticated', 'the access token is not good');
  }
  const identity = { subject: sub };
  remembered.set(token, { identity, until: Date.now() + 60_000 });
  return identity;
}

const RATE = 1_000_000;
const buckets = new Map();
function limit(kind, key) {
  const now = performance.now();
  let bucket = buckets.get(kind + key);
  if (bucket === undefined) buckets.set(kind + key, (bucket = { tokens: RATE, at: now }));
  bucket.tokens = Math.min(RATE, bucket.tokens + ((now - bucket.at) * RATE) / 1000);
  bucket.at = now;
  if (bucket.tokens < 1) throw new CallError(429, 'resource_exhausted', `too many calls by ${key}`);
  --bucket.tokens;
}

function trace({ traceparent }) {
  const parts = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '');
  const span = crypto.randomBytes(8).toString('hex');
  if (parts === null) return { trace: crypto.randomBytes(16).toString('hex'), span, parent: '', sampled: true };
  return { trace: parts[1], span, parent: parts[2], sampled: (parseInt(parts[3], 16) & 1) === 1 };
}

const spans = new Array(10_000);
let nextSpan = 0;
const counts = new Map();
const bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const histogram = new Array(bounds.length + 1).fill(0);
let inFlight = 0;

function finish(context, code, start) {
  const took = (performance.now() - start) / 1000;
  counts.set(code, (counts.get(code) ?? 0) + 1);
  const at = bounds.findIndex((bound) => took <= bound);
  ++histogram[at < 0 ? bounds.length : at];
  spans[nextSpan++ % spans.length] = { name: 'millrace.test.Echo/Say', ...context, start, took, code };
}

async function throughPipeline(request) {
  const start = performance.now();
  const context = trace(request.headers);
  let code = 'ok';
  try {
    limit('address ', request.socket.remoteAddress);
    const identity = identify(request.headers);
    limit('subject ', identity.subject);
    if (inFlight >= 10_000) throw new CallError(429, 'resource_exhausted', 'too many calls');
    const result = callOf(request, ({ text }) => {
      if (Buffer.byteLength(text) > 1000) throw new CallError(400, 'invalid_argument', 'text: at most 1000 bytes');
    });
    ++inFlight;
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new CallError(504, 'deadline_exceeded', 'the deadline passed')), 30_000);
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
      --inFlight;
    }
  } catch (error) {
    code = error.code ?? 'internal';
    throw error;
  } finally {
    finish(context, code, start);
  }
}

const handle = process.argv[2] === 'pipeline' ? throughPipeline : (request) => callOf(request, () => {});

const server = http.createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/hello') return answer(response, 200, hello);
  if (request.method !== 'POST' || request.url !== '/millrace.test.Echo/Say') {
    return answer(response, 404, { code: 'unimplemented', message: `${request.url} is not served` });
  }
  handle(request).then(
    (reply) => answer(response, 200, reply),
    (error) => answer(response, error.status ?? 500, { code: error.code ?? 'internal', message: error.message }),
  );
});
server.listen(0, '127.0.0.1', () => {
  console.log(server.address().port, process.argv[2] === 'pipeline' ? issue() : '');
});
