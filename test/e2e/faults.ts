import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseSpans, type Span } from '../spans/spans.js';
import type { World } from './world.js';

/** A system call of a command's main thread that other processes can see: on the state folder, the FIFO, or a process. */
export interface Call {
  name: string;
  /** Which of the calls of that name it is; the first is 1, as strace counts. */
  nth: number;
  /** The whole call without what differs from run to run: pids, times, descriptors. */
  label: string;
  /** Which of the calls with that label it is. */
  again: number;
}

/** What happens at one call, in the words of strace's option -e inject=: `signal=SIGKILL`, `error=ENOSPC`. */
export interface Fault {
  call: Call;
  what: string;
  /** Whether it also happens at all later calls of that name. */
  lasts?: boolean;
}

/** A script in which one command is traced. */
export interface Scenario {
  name: string;
  /** N of its pool. */
  jobs: number;
  /** How the pool is advertised to it, by default by its path; with a pair every process of the scenario has the FIFO open. */
  auth?: 'pipe';
  /** A bash script with one `traced COMMAND...`. What its shell holds goes back when it ends. */
  script: string;
}

/** How a scenario went. */
export interface Outcome {
  /** The traced command's calls, all of them. */
  calls: Call[];
  /** The call that the fault came to, the first one if it lasts. */
  struck: Call | undefined;
  status: number;
  stdout: string;
  stderr: string;
  /** What is wrong with the pool; empty if nothing is. */
  complaints: string;
  spans: Span[];
}

/** The calls that strace shows and counts. */
const TRACED = [
  ...['openat', 'mkdir', 'link', 'unlink', 'rename', 'rmdir', 'write', 'read', 'close'],
  ...['clone', 'clone3', 'vfork', 'exit_group'],
].join();

/**
 * Runs the scenario and proves that its pool is whole: all N slots can be taken together, and not one more; no claim, lock,
 * folder or file is left. strace is not the parent of the command (-D), so the command sees what it would see without it.
 * LOST names what the keeper has to put back first.
 */
const PROOF = `
traced() {
  unhang & local watch=$!
  { (echo $BASHPID >pid; exec strace -D -y -s 40 -o trace -e trace=${TRACED} \${FAULT:+-e "inject=$FAULT"} -- "$@") >out 2>err; } 2>/dev/null
  echo $? >status
  wait $watch
}
# Ends what a fault may hang that came to a pipe of Node's own, such as its lock and its signals, or to one of its threads: there
# none happens in life.
unhang() {
  until_traced "$OWN"
  grep -qE "$OWN" trace && kill -KILL $(cat pid) 2>/dev/null
}
OWN='^((read|write)\\([0-9]+<(pipe|socket|anon_inode):|clone3?.*CLONE_THREAD).*INJECTED'
# With a number it gives up after so many looks: a fault that came to another call than the meant one can keep it from coming.
until_traced() { local looks=0; until grep -qE "$1|^[+]{3} " trace 2>/dev/null || [ $((looks += 1)) = "$2" ]; do sleep 0.02; done; }
leftovers() {
  (cd run/jobserver-tools && find . -mindepth 1 \\( -path '*/claims/*' -o -path '*/locks/*' -o -name '*.new' \\))
  (cd run/jobserver-tools && ls | grep -vx "versions\\|\${pool##*/}")
}
pool=$(echo run/jobserver-tools/*-*)
( eval "$SCRIPT" )
until_traced '^[+]{3} '
# With a pair whatever runs has the FIFO open, so that the keeper can tell nothing: only a command of ours may wait here.
[ -z "$LOST" ] || [ $AUTH = pipe ] || timeout 20 sh -c "until grep -q 'put back' $pool/keeper.log; do sleep 0.1; done" || echo 'not put back'
all=$(js-acquire -n $JOBS --timeout 20 2>&1) || { echo "lost: $all"; exit; }
span all true
js-acquire --no-wait 2>/dev/null && echo 'one slot too many'
js-release "$all"
[ -n "$LOST" ] || ! grep 'put back' $pool/keeper.log
for i in $(seq 100); do
  # What nobody lives to remove.
  [ $((i % 20)) != 10 ] || js-destroy --stale >/dev/null
  left=$(leftovers); [ -n "$left" ] || exit
  sleep 0.1
done
echo "left: $left"`;

/** What may be there when the pool has ended, is. */
const REST = `[ ! -e f ] || echo 'left: f'; ls run/jobserver-tools | grep -vx versions`;

let folders = 0;

/**
 * Runs a scenario in a pool and a state folder of its own.
 * @param lost whether the fault loses a token that only the keeper can put back
 */
export async function runScenario(
  world: World,
  { jobs, auth, script }: Scenario,
  fault?: Fault,
  lost = false,
): Promise<Outcome> {
  const dir = join(world.dir, `run-${folders++}`);
  mkdirSync(join(dir, 'run'), { recursive: true, mode: 0o700 });
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const running = world.run(
    `cd ${dir}; js-create -j ${jobs} --auth ${auth ?? 'fifo'} --fifo f -- bash -c "$PROOF"; ${REST}`,
    {
      env: {
        JOBSERVER_TOOLS_STATE: join(dir, 'run/jobserver-tools'),
        SPANS: join(dir, 'spans'),
        JOBS: String(jobs),
        AUTH: auth ?? 'fifo',
        SCRIPT: script,
        PROOF,
        FAULT:
          fault === undefined ? '' : `${fault.call.name}:${fault.what}:when=${fault.call.nth}${fault.lasts ? '+' : ''}`,
        LOST: lost ? 'yes' : '',
      },
    },
  );
  const { stdout, stderr } = await running.catch((cause) => {
    const last = read('trace').split('\n').slice(-6).join('\n');
    throw new Error(`a run hung with ${fault?.what ?? 'no fault'} at ${fault?.call.label}, behind\n${last}`, { cause });
  });
  const calls = readCalls(read('trace'), dir);
  return {
    calls: calls.map(({ call }) => call),
    struck: read('trace').includes('killed by SIGKILL')
      ? calls.at(-1)?.call
      : calls.find(({ line }) => line.endsWith('(INJECTED)'))?.call,
    status: Number(read('status')),
    stdout: read('out'),
    stderr: read('err'),
    complaints: stdout + stderr,
    // If the pool was lost, no job ran.
    spans: existsSync(join(dir, 'spans')) ? parseSpans(read('spans')) : [],
  };
}

/** How often a fault is tried that comes to another call than the one that is meant. */
const TRIES = 40;

/** After how many tries in a row without the call the scenario counts as one that does without it. */
const TRIES_WITHOUT = 5;

/**
 * Runs a scenario with a fault until it comes to just the call that is meant: a look at the pool can come a turn earlier or
 * later than when the calls were counted, and then it is another one of that name.
 * @param check says what is wrong with the outcome, if anything
 * @returns what is wrong
 */
export async function strike(
  world: World,
  scenario: Scenario,
  fault: Fault,
  check: (outcome: Outcome) => string,
  lost = false,
): Promise<string | undefined> {
  const { call } = fault;
  const isMeant = (other: Call | undefined) => other?.label === call.label && other.again === call.again;
  let known = call.nth;
  let misses = 0;
  let without = 0;
  const struck: string[] = [];
  while (struck.length < TRIES) {
    const nth = Math.max(1, known + outward(misses));
    const outcome = await runScenario(world, scenario, { ...fault, call: { ...call, nth } }, lost);
    if (isMeant(outcome.struck)) {
      const wrong = check(outcome);
      return wrong && `${fault.what} at ${call.label}${fault.lasts ? ' and later' : ''}: ${wrong}`;
    }
    struck.push(outcome.struck?.label ?? 'nothing');
    const found = outcome.calls.find(isMeant);
    // It was there by chance when they were counted.
    without = found === undefined && outcome.struck === undefined ? without + 1 : 0;
    if (without === TRIES_WITHOUT) return undefined;
    // If the fault came to an earlier call, the one that is meant may be missing behind it; its number is about what it was.
    known = found?.nth ?? known;
    misses = found === undefined ? misses + 1 : 0;
  }
  return `${fault.what} at ${call.label} came to ${struck}`;
}

/** Returns 0, 1, -1, 2, -2 and so on. */
const outward = (step: number): number => (step % 2 === 0 ? -1 : 1) * Math.ceil(step / 2);

/** Strikes all, and expects that each fault came to its call and did no harm. */
export async function expectUnharmed<T>(items: readonly T[], strikeAt: (item: T) => Promise<string | undefined>) {
  expect(await inParallel(items, strikeAt)).toEqual([]);
}

function readCalls(trace: string, dir: string): { call: Call; line: string }[] {
  const counts = new Map<string, number>();
  const count = (key: string) => {
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
  return trace.split('\n').flatMap((line) => {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (name === undefined) return [];
    const label = labelOf(line, dir);
    return [{ call: { name, nth: count(name), label, again: count(label) }, line }];
  });
}

const labelOf = (line: string, dir: string): string =>
  line
    .replace(/(,?)\s*(<unfinished|\) += ).*$/, ')')
    .replace(/, \d+\)$/, ')')
    .replace(/^(clone3?|vfork)\(.*/, (call, name) => (call.includes('CLONE_THREAD') ? 'thread' : `${name}()`))
    .replace(/^(read|close)\((\d+<[^>]*>).*/, '$1($2)')
    .replaceAll(`${dir}/run/jobserver-tools`, 'STATE')
    .replaceAll(dir, 'DIR')
    .replace(/"[^"]*since .*/, 'HEAD)')
    .replace(/\d+-\d+-\d+T[\d:.]+Z/, 'TIME')
    .replace(/(pool.json.new>), .*/, '$1)')
    .replace(/\d+-\d+-[0-9a-z]+/g, 'POOL')
    .replace(/\d+-\w+\.fifo/g, 'OWN.fifo')
    .replace(/\d+\.\d+(_\d+)?/g, 'ID')
    .replace(/\b\d+</g, '<')
    .replace(/AT_FDCWD<[^>]*>, /, '')
    .replace(/\/\d+\//g, '/PID/');

/** Returns whether others can see what the call does: who only looks into the state folder or /proc changes nothing. */
export const isSeen = ({ label }: Call): boolean =>
  /^(link|rename|unlink|rmdir|mkdir)\(.*(STATE|DIR)/.test(label) ||
  /^(write|read|close)\(<(DIR\/f|STATE\/OWN.fifo)>/.test(label) ||
  /^write\(<(STATE|DIR\/out)/.test(label) ||
  /^openat\(.*("DIR\/f"|OWN.fifo|\/fd\/\d+"|O_CREAT)/.test(label) ||
  /^(clone3?|vfork)\(\)|^exit_group/.test(label);

/** Returns whether the call may fail for lack of something: on the pool, its state folder, /proc or a new process. */
export const canFail = (call: Call): boolean =>
  (isSeen(call) && !/^(close|exit_group)/.test(call.label)) || /^openat\("(STATE|\/proc\/(self|PID))/.test(call.label);

/** Most of the time of a run is waiting for a look that is taken once a second. @returns what `action` found, if anything */
async function inParallel<T, R>(items: readonly T[], action: (item: T) => Promise<R | undefined>): Promise<R[]> {
  const rest = [...items];
  const found: R[] = [];
  const work = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      const result = await action(item);
      if (result) found.push(result);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return found;
}
