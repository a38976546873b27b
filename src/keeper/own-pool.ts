// What the commands load only where they make, revive or end a pool.
export { createPool, type PoolSpec } from './create-pool.js';
export { destroyPool } from './destroy-pool.js';
export { revivePool } from './revive-pool.js';
export { sweepStale } from './sweep-stale.js';
