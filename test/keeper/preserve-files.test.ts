import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { refresh } from '../../src/keeper/preserve-files.js';
import { createFolders } from '../../src/pool/pool-folder.js';
import type { PoolRecord } from '../../src/pool/pool-record.js';
import { makePool } from '../slots/real-pool.js';

test('nothing of a pool looks old to a service that removes what is old, and when claims were written stays', () => {
  const { pool, path, root } = makePool([]);
  createFolders(pool.folder);
  mkdirSync(`${root}/other`);
  const files = [
    '',
    '/pool.json',
    '/keeper-1',
    '/session-1.1',
    '/claims',
    '/claims/1.1',
    '/locks',
    '/locks/slot-below-1.1',
  ];
  const all = [root, path, `${path}.jobserver`, ...files.map((file) => pool.folder + file)];
  for (const file of all) if (!/(claims|locks|state|fifo|-\w+)$/.test(file)) writeFileSync(file, '');
  writeFileSync(`${pool.folder}/keeper-1`, '');
  for (const file of [...all, `${root}/other`]) utimesSync(file, 1, 1);
  refresh(pool, { path } as PoolRecord);
  // tmpfiles.d(5): what is young by any of its times stays.
  for (const file of all) expect(Date.now() - statSync(file).atimeMs, file).toBeLessThan(60_000);
  for (const file of all) expect(statSync(file).mtimeMs, file).toBe(1000);
  expect(statSync(`${root}/other`).atimeMs).toBe(1000);
});
