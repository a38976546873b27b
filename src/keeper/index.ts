// All that makes a pool, gives it another keeper, sweeps and ends it: one file in dist/, which the commands load only for that.
export { createPool, type PoolSpec } from './create-pool.js';
export { destroyPool } from './destroy-pool.js';
export { replaceDeadKeeper } from './replace-dead-keeper.js';
export { sweepStale } from './sweep-stale-pools.js';
