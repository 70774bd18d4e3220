// That both sides answer the same: what they are measured by is the same work.
import assert from 'node:assert/strict';

import { Client } from './sides.mjs';

const NOBODY = '018f3c5e-7a10-7000-8000-000000000000';

// What a side answers to each of the questions, without what is its own: ids,
// times, page tokens and the words of errors.
async function answersOf(server, issuer) {
  const client = new Client(server.address);
  const token = issuer.token();
  const answers = [];
  const ask = async (what, method, request, by = token) => {
    const { code, reply, details } = await client.call(method, request, by);
    const plain = (user) => ({ ...user, id: '', createTime: null, updateTime: null });
    const told = reply && (reply.users ? { users: reply.users.map(plain), more: reply.nextPageToken !== '' } : plain(reply));
    answers.push({ what, method, code, told });
    // A side that breaks must not agree with the other one about that.
    assert.ok(!['INTERNAL', 'UNKNOWN', 'UNAVAILABLE'].includes(code), `${server.name}, ${what}: ${code} ${details}`);
    return reply;
  };

  const ann = { email: 'Ann@Example.com', displayName: 'Ann', locale: 'de-AT' };
  const created = await ask('a new person', 'CreateUser', ann);
  const micros = ({ seconds, nanos }) => seconds * 1e6 + nanos / 1000;
  assert.ok(Math.abs(micros(created.createTime) / 1000 - Date.now()) < 60_000, `${server.name}: created at ${JSON.stringify(created.createTime)}`);
  await ask('an address that is taken', 'CreateUser', { ...ann, email: 'ann@example.com' });
  await ask('no address', 'CreateUser', { displayName: 'Bob' });
  await ask('no good address', 'CreateUser', { email: 'bob', displayName: 'Bob' });
  await ask('an address that is too long', 'CreateUser', { email: `bob@${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.${'u'.repeat(60)}.${'v'.repeat(20)}.com`, displayName: 'Bob' });
  await ask('no name', 'CreateUser', { email: 'bob@example.com' });
  await ask('a name that is too long', 'CreateUser', { email: 'bob@example.com', displayName: 'b'.repeat(101) });
  await ask('no good locale', 'CreateUser', { email: 'bob@example.com', displayName: 'Bob', locale: '?' });
  await ask('no locale', 'CreateUser', { email: 'bob@example.com', displayName: 'Bob' });

  const read = await ask('that person', 'GetUser', { id: created.id });
  assert.deepEqual(read, created, server.name);
  await ask('nobody', 'GetUser', { id: NOBODY });
  await ask('no id', 'GetUser', {});
  await ask('no good id', 'GetUser', { id: 'ann' });
  await ask('oneself', 'GetUser', { id: created.id }, issuer.token(created.id, []));
  await ask('somebody else', 'GetUser', { id: created.id }, issuer.token(NOBODY, []));
  await ask('without the permission', 'CreateUser', ann, issuer.token('reader', ['users.users.read']));
  await ask('without a token', 'GetUser', { id: created.id }, '');
  await ask('with a token of somebody else', 'GetUser', { id: created.id }, `${token.slice(0, -8)}AAAAAAAA`);

  for (let i = 0; i < 3; ++i) await ask(`person ${i}`, 'CreateUser', { email: `person${i}@example.com`, displayName: `Person ${i}` });
  const first = await ask('a first page', 'ListUsers', { pageSize: 3 });
  await ask('a second page', 'ListUsers', { pageSize: 3, pageToken: first.nextPageToken });
  await ask('who is suspended', 'ListUsers', { state: 'USER_STATE_SUSPENDED' });
  await ask('a page that is too large', 'ListUsers', { pageSize: 1001 });
  client.close();
  return answers;
}

// Says what was compared, and how many people each side has created.
export async function compareAnswers(ours, peer, issuer) {
  const [a, b] = [await answersOf(ours, issuer), await answersOf(peer, issuer)];
  a.forEach((answer, i) => assert.deepEqual(b[i], answer, `the peer answers something else to: ${answer.what}`));
  const count = (code) => a.filter((answer) => (answer.code === 'OK') === (code === 'OK')).length;
  return {
    text: `${a.length} answers are the same from both: ${count('OK')} replies, ${count('')} refusals`,
    created: a.filter(({ method, code }) => method === 'CreateUser' && code === 'OK').length,
  };
}
