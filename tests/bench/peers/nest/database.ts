import { openPostgres } from './postgres.js';
import { openSqlite } from './sqlite.js';
import type { UsersStore } from './users_store.js';

export function openDatabase(url: string): UsersStore | Promise<UsersStore> {
  return url.startsWith('sqlite://') ? openSqlite(url.slice('sqlite://'.length)) : openPostgres(url);
}
