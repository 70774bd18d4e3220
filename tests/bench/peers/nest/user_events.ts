// Events as rows of the outbox: protobuf with the attributes of CloudEvents.
import { randomBytes } from 'node:crypto';

import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { Injectable } from '@nestjs/common';
import { v7 as newId } from 'uuid';

import type { OutboxRow } from './users_store.js';
import { setting } from './settings.js';

export interface UserCreated {
  userId: string;
  email: string;
  displayName: string;
  locale: string;
  createTime: { seconds: number; nanos: number };
}

@Injectable()
export class UserEvents {
  readonly #created: MethodDefinition<UserCreated, object>;

  constructor() {
    const contracts = loadSync('users/v1/events.proto', { includeDirs: setting('PROTO_DIRS').split(':'), longs: Number });
    const events = contracts['users.v1.UserEvents'] as Record<string, MethodDefinition<UserCreated, object>>;
    this.#created = events.Created;
  }

  created(event: UserCreated): OutboxRow {
    const id = newId();
    const now = Date.now();
    const headers = {
      ce_specversion: '1.0', ce_id: id, ce_source: '/users', ce_type: 'users.v1.UserEvents.Created',
      ce_time: new Date(now).toISOString(), ce_subject: event.userId, 'content-type': 'application/protobuf',
      traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    };
    return {
      event_id: id, topic: 'users.v1.events', record_key: Buffer.from(event.userId),
      headers: Buffer.from(JSON.stringify(headers)), payload: this.#created.requestSerialize(event), time_ms: now,
    };
  }
}
