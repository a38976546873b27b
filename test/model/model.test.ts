import { describe, expect, it } from 'vitest';
import { verify } from './verify.js';

/*
 * The models are read beside the code: slots.pml names the function that each step stands for. By hand, as here:
 *
 *     spin -DRUNS=2 -a slots.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m100000
 *
 * and after an error `spin -DRUNS=2 -t -p -g slots.pml` prints how it came to it.
 */

const TOO_MANY_TOKENS = /fifo\+drained/;
const RUNNING_JOB = /job\[c\]==1/;
const LEFT_RUNNING = /c==0\)&&below/;
const FOREIGN_LOCK = /slot==c/;
const HANG = /!\(\(living/;
const TOKEN_LOST = /^assertion violated \(fifo==/;
const TWO_KEEPERS = /actors==1/;
const IDLE_TOKEN = /\(fifo>0\)&&\(waiting/;
const DEAD_CLAIM = /notes\|held\)/;
const RECIPE_WAITS = /waiting&.*==0/;
const NO_KEEPER = /waiting==0/;
const TOO_MUCH_MEMORY = /phase\[/;
const MEMORY_HANG = /living==0/;

/** Sizes whose every state keeps the promises. */
const SOUND: Array<[model: string, sizes: string]> = [
  ['slots', 'RUNS=2 CRASHES=1 OWNED=3'],
  ['slots', 'RUNS=2 CRASHES=0 OWNED=3 MAKES=1 NEEDY=2'],
  ['slots', 'RUNS=2 CRASHES=1 OWNED=1 NESTED=1'],
  ['slots', 'RUNS=2 IDLE=2 CRASHES=2 OWNED=0 MAKES=1'],
  ['slots', 'N=3 RUNS=2 CRASHES=0 OWNED=1 SEVERAL=1'],
  ['slots', 'N=3 RUNS=2 CRASHES=0 OWNED=0 MAKES=1 ELSEWHERE=1'],
  ['succession', 'COMMANDS=2 CRASHES=3'],
  ['queue', 'W=2 CRASHES=2 STOPS=1'],
  ['queue', 'W=3 CRASHES=0 STOPS=1 FOREIGN'],
  ['queue', 'W=3 CRASHES=1 STOPS=0 FOREIGN T=2 LASTING'],
  ['several', 'RECIPES=3 COLLECTORS=5'],
  ['several', 'COLLECTORS=4 CRASHES=2'],
  ['several', 'RECIPES=3 COLLECTORS=5 LOST=1'],
  ['memory', 'PLAIN=0 TREES=4 ALONE=0 T=4 OUTSIDE'],
  ['memory', 'PLAIN=1 TREES=1 ALONE=2 T=2 OUTSIDE CRASHES=1'],
  ['memory', 'PLAIN=2 TREES=1 ALONE=1 T=3 OUTSIDE CRASHES=1'],
];

/** A model that cannot fail proves nothing: one fault each, and what the verifier must say. */
const FAULTY: Array<[fault: string, model: string, sizes: string, error: RegExp]> = [
  ['the token before the rename', 'slots', 'RUNS=2 CRASHES=1 OWNED=1 PUT_FIRST', TOO_MANY_TOKENS],
  ['tokens of a dead returner again', 'slots', 'RUNS=2 CRASHES=2 OWNED=1 RETURN_TWICE', TOO_MANY_TOKENS],
  ['no thought for the job', 'slots', 'RUNS=2 CRASHES=1 OWNED=1 FORGET_JOB', RUNNING_JOB],
  ['no thought for fork before exec', 'slots', 'RUNS=2 CRASHES=1 OWNED=1 FORK_GAP', RUNNING_JOB],
  ["anybody's lock unlinked", 'slots', 'RUNS=2 CRASHES=1 OWNED=3 UNLOCK_ANY', FOREIGN_LOCK],
  [
    'a slot left idle while one of its owner holds a token',
    'slots',
    'RUNS=2 CRASHES=0 OWNED=3 MAKES=1 NEEDY=2 NO_EXCHANGE',
    HANG,
  ],
  ['no thought for what a job has left', 'slots', 'RUNS=2 CRASHES=1 OWNED=1 NESTED=1 FORGET_HEIR', LEFT_RUNNING],
  ['the token before the line', 'slots', 'RUNS=2 CRASHES=1 OWNED=3 PUT_BEFORE_LINE', TOO_MANY_TOKENS],
  ['a token on its way taken for lost', 'slots', 'RUNS=2 CRASHES=0 OWNED=3 FORGET_LEAVING', TOO_MANY_TOKENS],
  ['no look after the drain', 'slots', 'RUNS=2 CRASHES=0 MAKES=1 NO_SECOND_LOOK', TOO_MANY_TOKENS],
  ['no look at mtime', 'slots', 'RUNS=2 CRASHES=0 OWNED=0 NO_TOPUP NO_MTIME', TOO_MANY_TOKENS],
  ['the look before the drain', 'slots', 'RUNS=2 CRASHES=1 OWNED=0 LOOK_BEFORE_DRAIN', TOO_MANY_TOKENS],
  ['claims of the dead not counted', 'slots', 'RUNS=2 CRASHES=1 OWNED=0 LIVE_ONLY', TOO_MANY_TOKENS],
  ['tokens read before the sleep is seen', 'slots', 'RUNS=2 CRASHES=0 OWNED=0 READ_BEFORE_SLEEP', TOO_MANY_TOKENS],
  ['a part taken for all', 'slots', 'N=3 RUNS=2 CRASHES=0 OWNED=0 SEVERAL=1 PARTS_ARE_STABLE', TOO_MANY_TOKENS],
  ['claims in another folder', 'slots', 'RUNS=2 CRASHES=0 OWNED=0 ELSEWHERE=1 TRUST_OURS', TOO_MANY_TOKENS],
  ['sleep between the read and the line', 'slots', 'RUNS=2 CRASHES=0 OWNED=0 SLEEP_ANYWHERE', TOO_MANY_TOKENS],
  ['no top-up', 'slots', 'RUNS=2 CRASHES=1 OWNED=0 NO_TOPUP', HANG],
  ['a fingerprint after the write', 'slots', 'RUNS=2 IDLE=2 CRASHES=1 OWNED=0 MAKES=1 LATE_FINGERPRINT', TOKEN_LOST],
  ['a successor that thinks all is well', 'slots', 'RUNS=2 IDLE=2 CRASHES=1 OWNED=0 MAKES=1 CLEAN_START', TOKEN_LOST],
  ['a test before the link', 'succession', 'TEST_THEN_WRITE', TWO_KEEPERS],
  ['old links tidied away', 'succession', 'TIDY', TWO_KEEPERS],
  ['no look whether the successor lives', 'succession', 'NO_WATCH', NO_KEEPER],
  ['a note after the look at those ahead', 'queue', 'CRASHES=0 STOPS=0 FOREIGN NO_LOOK NO_RECHECK', IDLE_TOKEN],
  ['nobody woken', 'queue', 'CRASHES=0 STOPS=0 FOREIGN NO_LOOK NO_WAKE', IDLE_TOKEN],
  ['no look whether the one ahead lives', 'queue', 'CRASHES=1 STOPS=0 FOREIGN NO_LOOK', IDLE_TOKEN],
  ['the dead counted as ahead', 'queue', 'CRASHES=1 STOPS=0 FOREIGN COUNT_ALL', IDLE_TOKEN],
  ['the stopped counted as ahead', 'queue', 'CRASHES=0 STOPS=1 FOREIGN COUNT_ALL', IDLE_TOKEN],
  ['one woken that is stopped', 'queue', 'CRASHES=0 STOPS=1 FOREIGN NO_LOOK WAKE_ANYBODY', IDLE_TOKEN],
  [
    'a job taken for a place in the queue',
    'queue',
    'CRASHES=1 STOPS=0 FOREIGN T=2 LASTING LOOK_AT_PROCESS',
    DEAD_CLAIM,
  ],
  ['nobody to sweep after the first', 'queue', 'CRASHES=1 STOPS=0 FOREIGN NO_HEIR', DEAD_CLAIM],
  ['a collector that waits for all it wants', 'several', 'NO_SETTLE', RECIPE_WAITS],
  ['a turn that is kept with nothing to start with', 'several', 'LOST=1 KEEP_TURN', RECIPE_WAITS],
  ['slots counted that are lost', 'several', 'LOST=1 COUNT_SLOTS', RECIPE_WAITS],
  ['several that collect', 'several', 'NO_TURN', RECIPE_WAITS],
  ['a start with more than there is', 'several', 'SETTLE_EARLY', /inUse<=/],
  ['no second look at memory', 'memory', 'PLAIN=2 TREES=0 ALONE=2 T=2 NO_SECOND_LOOK', TOO_MUCH_MEMORY],
  ['two that decide at once', 'memory', 'T=2 NO_LOCK', TOO_MUCH_MEMORY],
  ['a claim in a slot that waits for that slot', 'memory', 'TREES=0 WAIT_FOR_RESERVED OUTSIDE', MEMORY_HANG],
  ['a claim in a slot behind one that waits for it', 'memory', 'TREES=0 ALONE=2 ONE_QUEUE OUTSIDE', MEMORY_HANG],
  ['two jobs that wait for each other', 'memory', 'PLAIN=0 TREES=2 ALONE=0 T=2 COUNT_TREES', MEMORY_HANG],
  ['commands as links of the chain', 'succession', 'REVIVER_IN_CHAIN', /hops</],
];

describe('the slot protocol', () => {
  it.each(SOUND)('keeps its promises in %s with %s', { timeout: 400_000 }, async (model, sizes) => {
    const { error, states } = await verify(model, sizes);
    expect(error).toBeUndefined();
    // If a change to the model shuts out what it is to explore, few are left.
    expect(states).toBeGreaterThan(50_000);
  });
});

describe('the verifier', () => {
  it.concurrent.each(FAULTY)('finds %s', { timeout: 400_000 }, async (_fault, model, sizes, expected) => {
    const { error } = await verify(model, sizes);
    expect(error).toMatch(expected);
  });
});
