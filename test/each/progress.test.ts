import { describe, expect, test } from 'vitest';
import { formatProgress, type ProgressFigures } from '../../src/each/progress.js';

const FIGURES: ProgressFigures = { done: 0, total: 40, running: 4, isWaiting: false, failed: 0, seconds: 10 };

describe('a progress line', () => {
  test.each([
    [{}, '0/40 done, 4 running'],
    [{ total: undefined, done: 10 }, '10 done, 4 running'],
    [{ done: 10 }, '10/40 done, 4 running, ETA 30s'],
    [{ done: 10, seconds: 21 }, '10/40 done, 4 running, ETA 1:03'],
    [{ done: 1, seconds: 3600 }, '1/40 done, 4 running, ETA 39:00:00'],
    [{ done: 1, seconds: 100 }, '1/40 done, 4 running, ETA 1:05:00'],
    [{ done: 39, seconds: 0.1 }, '39/40 done, 4 running, ETA 1s'],
    [{ done: 40, running: 0 }, '40/40 done, 0 running'],
    [{ isWaiting: true, failed: 2, done: 10 }, '10/40 done, 4 running, waiting for slots, 2 failed, ETA 30s'],
  ])('%j', (change, line) => expect(formatProgress({ ...FIGURES, ...change }, 80)).toBe(line));

  test.each([
    [67, '10/40 done, 4 running, waiting for slots, 2 failed, ETA 30s'],
    [59, '10/40 done, 4 running, waiting for slots, 2 failed, ETA 30s'],
    [58, '10/40 done, 4 running, waiting for slots, 2 failed'],
    [49, '10/40 done, 4 running, waiting for slots'],
    [21, '10/40 done, 4 running'],
    [20, '10/40 done'],
    [5, '10/40'],
    [0, ''],
    [-1, ''],
  ])('in %i columns', (columns, line) =>
    expect(formatProgress({ ...FIGURES, done: 10, isWaiting: true, failed: 2 }, columns)).toBe(line),
  );
});
