import { status } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import { v7 as newId } from 'uuid';

import { type Person, State, type UsersStore } from './users_store.js';
import { grpcError } from './errors.js';
import { UserEvents } from './user_events.js';
import type { CreateUserRequest, ListUsersRequest } from './users.dto.js';

export const USERS_STORE = Symbol('users store');
const DEFAULT_PAGE_SIZE = 50;

const timestamp = (micros: number) => ({
  seconds: Math.floor(micros / 1e6), nanos: (micros % 1e6) * 1000,
});
const optionalTimestamp = (micros: number | null) => (micros === null ? undefined : timestamp(micros));

function stateOf(person: Person): State {
  if (person.delete_time !== null) return State.Deleted;
  return person.suspend_time === null ? State.Active : State.Suspended;
}

const toUser = (person: Person) => ({
  id: person.id,
  email: person.email,
  displayName: person.display_name,
  locale: person.locale,
  etag: String(person.revision),
  createTime: timestamp(person.create_time),
  updateTime: timestamp(person.update_time),
  state: stateOf(person),
  suspendTime: optionalTimestamp(person.suspend_time),
  suspendReason: person.suspend_reason ?? undefined,
  deleteTime: optionalTimestamp(person.delete_time),
  purgeTime: optionalTimestamp(person.purge_time),
});

@Injectable()
export class UsersService {
  constructor(
    @Inject(USERS_STORE) private readonly store: UsersStore,
    private readonly events: UserEvents,
  ) {}

  async create({ email, displayName, locale }: CreateUserRequest) {
    const now = Date.now() * 1000;
    const person: Person = {
      id: newId(), email: email.toLowerCase(), display_name: displayName, locale: locale || 'en', revision: 1,
      create_time: now, update_time: now, suspend_time: null, suspend_reason: null, delete_time: null, purge_time: null,
    };
    const event = this.events.created({
      userId: person.id, email: person.email, displayName, locale: person.locale, createTime: timestamp(now),
    });
    if (!(await this.store.insert(person, event))) {
      throw grpcError(status.ALREADY_EXISTS, `another user has the e-mail address ${person.email}`);
    }
    return toUser(person);
  }

  async get(id: string) {
    const person = await this.store.find(id);
    if (!person) throw grpcError(status.NOT_FOUND, `there is no user with the id ${id}`);
    return toUser(person);
  }

  async list({ pageSize, pageToken, state }: ListUsersRequest) {
    const size = pageSize || DEFAULT_PAGE_SIZE;
    const after = pageToken ? Buffer.from(pageToken, 'base64url').toString() : '';
    const people = await this.store.list(state || State.Unspecified, after, size + 1);
    const page = people.slice(0, size);
    return {
      users: page.map(toUser),
      nextPageToken: people.length > size ? Buffer.from(page[size - 1].id).toString('base64url') : '',
    };
  }
}
