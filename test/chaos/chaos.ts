/**
 * npm run chaos [-- --cast NAME --seed N --seconds S --crowd C]: make, ninja, shells and loops of js-run on one pool of four slots,
 * and C js-runs started at once; and signals, SIGKILL among them, to any of them at any time, to the pool's keeper too. Exit
 * status 0 if never more than four jobs ran and in the end all slots were there and nothing else. What is decided follows from
 * the seed, what comes of it from the machine as well.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findCast } from './casts.js';
import { runChaos } from './run.js';

const { values } = parseArgs({
  options: {
    cast: { type: 'string' },
    seed: { type: 'string' },
    seconds: { type: 'string' },
    crowd: { type: 'string' },
  },
});
const cast = findCast(values.cast ?? 'fifo');
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const seconds = Number(values.seconds ?? 120);
const crowd = Number(values.crowd ?? 0);
// Bundled, this is dist/test/chaos.mjs.
const repository = resolve(import.meta.dirname, '../..');
process.exitCode = (await runChaos({ repository, cast, seed, seconds, crowd, say: console.log })).length > 0 ? 1 : 0;
