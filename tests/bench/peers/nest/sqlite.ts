// better-sqlite3, with the settings that the users service has: what was
// answered is on disk.
import Sqlite from 'better-sqlite3';

import { nameKey, type OutboxRow, type Person, schema, State, STATES, statements, type UsersStore } from './users_store.js';

export function openSqlite(path: string): UsersStore {
  const database = new Sqlite(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.exec(schema({ text: 'TEXT', serial: 'INTEGER PRIMARY KEY AUTOINCREMENT', blob: 'BLOB' }));

  const sql = statements((_, name) => `:${name}`);
  const insertPerson = database.prepare(sql.insertPerson);
  const insertEvent = database.prepare(sql.insertEvent);
  const find = database.prepare<[{ id: string }], Person>(sql.find);
  const list = new Map(STATES.map((state) =>
    [state, database.prepare<[{ after: string; limit: number }], Person>(sql.list(state))]));
  const insert = database.transaction((person: Person, event: OutboxRow) => {
    insertPerson.run({ ...person, name_key: nameKey(person) });
    insertEvent.run(event);
  });
  return {
    insert(person, event) {
      try {
        insert.immediate(person, event);
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === 'SQLITE_CONSTRAINT_UNIQUE') return false;
        throw error;
      }
    },
    find: (id) => find.get({ id }),
    list: (state: State, after, limit) => list.get(state)!.all({ after, limit }),
  };
}
