// The tables of the users service, in the same columns and with the same
// indexes, on either database.
export enum State {
  Unspecified = 0,
  Active = 1,
  Suspended = 2,
  Deleted = 3,
}

// Times are microseconds since 1970.
export interface Person {
  id: string;
  email: string;
  display_name: string;
  locale: string;
  revision: number;
  create_time: number;
  update_time: number;
  suspend_time: number | null;
  suspend_reason: string | null;
  delete_time: number | null;
  purge_time: number | null;
}

export interface OutboxRow {
  event_id: string;
  topic: string;
  record_key: Buffer;
  headers: Buffer;
  payload: Buffer;
  time_ms: number;
}

export interface UsersStore {
  // One transaction; false when the e-mail address is taken.
  insert(person: Person, event: OutboxRow): boolean | Promise<boolean>;
  find(id: string): Person | undefined | Promise<Person | undefined>;
  list(state: State, after: string, limit: number): Person[] | Promise<Person[]>;
}

const COLUMNS = [
  'id', 'email', 'display_name', 'locale', 'revision', 'create_time', 'update_time', 'suspend_time', 'suspend_reason',
  'delete_time', 'purge_time',
].join(', ');

const CONDITIONS: Record<State, string> = {
  [State.Unspecified]: 'delete_time IS NULL',
  [State.Active]: 'suspend_time IS NULL AND delete_time IS NULL',
  [State.Suspended]: 'suspend_time IS NOT NULL AND delete_time IS NULL',
  [State.Deleted]: 'delete_time IS NOT NULL',
};
export const STATES = [State.Unspecified, State.Active, State.Suspended, State.Deleted];

// Statements; `at(i, name)` is how the i-th parameter is written.
export function statements(at: (i: number, name: string) => string) {
  const insert = (table: string, columns: string[]) =>
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name, i) => at(i + 1, name)).join(', ')})`;
  return {
    insertPerson: insert('people',
      ['id', 'email', 'display_name', 'name_key', 'locale', 'revision', 'create_time', 'update_time']),
    insertEvent: insert('outbox', ['event_id', 'topic', 'record_key', 'headers', 'payload', 'time_ms']),
    find: `SELECT ${COLUMNS} FROM people WHERE id = ${at(1, 'id')} AND delete_time IS NULL`,
    list: (state: State) => `SELECT ${COLUMNS} FROM people WHERE ${CONDITIONS[state]} AND id > ${at(1, 'after')}
      ORDER BY id LIMIT ${at(2, 'limit')}`,
  };
}

export function schema({ text, serial, blob }: { text: string; serial: string; blob: string }): string {
  return `
    CREATE TABLE IF NOT EXISTS people (
      id ${text} PRIMARY KEY, email ${text} NOT NULL, display_name TEXT NOT NULL, name_key ${text} NOT NULL,
      locale TEXT NOT NULL, revision BIGINT NOT NULL, create_time BIGINT NOT NULL, update_time BIGINT NOT NULL,
      suspend_time BIGINT, suspend_reason TEXT, delete_time BIGINT, purge_time BIGINT
    );
    CREATE UNIQUE INDEX IF NOT EXISTS people_email ON people (email) WHERE delete_time IS NULL;
    CREATE INDEX IF NOT EXISTS people_name ON people (name_key, id) WHERE delete_time IS NULL;
    CREATE INDEX IF NOT EXISTS people_live ON people (id) WHERE delete_time IS NULL;
    CREATE INDEX IF NOT EXISTS people_suspended ON people (id) WHERE suspend_time IS NOT NULL AND delete_time IS NULL;
    CREATE INDEX IF NOT EXISTS people_deleted ON people (id) WHERE delete_time IS NOT NULL;
    CREATE INDEX IF NOT EXISTS people_purge ON people (purge_time) WHERE purge_time IS NOT NULL;
    CREATE TABLE IF NOT EXISTS outbox (
      id ${serial}, event_id TEXT NOT NULL, topic TEXT NOT NULL, record_key ${blob} NOT NULL,
      headers ${blob} NOT NULL, payload ${blob} NOT NULL, time_ms BIGINT NOT NULL, refused TEXT
    );`;
}

export const nameKey = (person: Person) => person.display_name.toLowerCase();
