// pg with its pool, and statements that are prepared once per connection.
import pg from 'pg';

import { nameKey, type OutboxRow, type Person, schema, STATES, State, statements, type UsersStore } from './users_store.js';

const UNIQUE_VIOLATION = '23505';

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export async function openPostgres(url: string): Promise<UsersStore> {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(schema({ text: 'TEXT COLLATE "C"', serial: 'BIGSERIAL PRIMARY KEY', blob: 'BYTEA' }));

  const sql = statements((i) => `$${i}`);
  const list = new Map(STATES.map((state) => [state, { name: `list_${State[state]}`, text: sql.list(state) }]));
  const insertPerson = (person: Person) => ({
    name: 'insert_person', text: sql.insertPerson,
    values: [person.id, person.email, person.display_name, nameKey(person), person.locale, person.revision,
      person.create_time, person.update_time],
  });
  const insertEvent = (event: OutboxRow) => ({
    name: 'insert_event', text: sql.insertEvent,
    values: [event.event_id, event.topic, event.record_key, event.headers, event.payload, event.time_ms],
  });
  return {
    async insert(person, event) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(insertPerson(person));
        await client.query(insertEvent(event));
        await client.query('COMMIT');
        return true;
      } catch (error) {
        await client.query('ROLLBACK');
        if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false;
        throw error;
      } finally {
        client.release();
      }
    },
    async find(id) {
      const { rows } = await pool.query<Person>({ name: 'find', text: sql.find, values: [id] });
      return rows[0];
    },
    async list(state, after, limit) {
      const { rows } = await pool.query<Person>({ ...list.get(state)!, values: [after, limit] });
      return rows;
    },
  };
}
