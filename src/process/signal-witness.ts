import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { listInheritable } from './own-descriptors.js';

/**
 * A small process in our process group that reports the signals it gets, which are those to the whole group. A Node program
 * cannot see to whom a signal was sent.
 */
export interface Witness {
  start(): void;
  /** Returns whether a signal that came to us was sent to the whole group; undefined if that is unknown. */
  saw(signal: NodeJS.Signals): Promise<boolean | undefined>;
  /** Ends it and waits for that, so that no zombie is left to a process 1 that does not reap. */
  end(): Promise<void>;
}

/** The signals that it reports. It does not trap SIGPIPE and SIGKILL, which it reports by its end. */
const REPORTED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGCONT', 'SIGTSTP'] as const;

/** Asks it to answer. Nobody else sends this signal, and it is ignored by default. */
const ASK = 'SIGURG';

/** What it prints when its traps are set. */
const UP = 'UP';

/**
 * `read` fails if a signal comes, and if our end of the pipe is closed: so the witness ends with us, however we end. There is no
 * `|| exit` after the echo, because dash gets its status wrong if another signal comes meanwhile.
 */
const SCRIPT = `for s in ${[...REPORTED, ASK].map((signal) => signal.slice(3)).join(' ')}; do trap "hit=1; echo $s" $s; done; echo ${UP}
while read -r _ || [ "$hit" ]; do hit=; done`;

/** Time in which two signals of one kind to the group may be one for the witness and two for us. */
const MERGE_MS = 50;

/** Time between two questions. A shell that is just about to read misses one. */
const ASK_INTERVAL_MS = 25;

/** How often it is asked before it counts as stopped or stuck. */
const MOST_QUESTIONS = 20;

/** Makes a witness that is not started yet. */
export function makeWitness(): Witness {
  const lastSeen = new Map<string, number>();
  let child: ChildProcess | undefined;
  let isUp = false;
  let onWord: ((word: string) => void) | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const noteSignal = (word: string) => {
    lastSeen.set(word, performance.now());
    onWord?.(word);
  };
  const start = () => {
    const started = tryStart();
    child = started;
    isUp = false;
    let text = '';
    started?.stdout?.setEncoding('latin1').on('data', (chunk: string) => {
      const words = (text + chunk).split('\n');
      text = words.pop() ?? '';
      for (const word of words) {
        if (word !== UP) noteSignal(`SIG${word}`);
        // A signal that shows up in this turn of the event loop may have been sent before the witness was there.
        else
          setImmediate(() => {
            if (child === started) isUp = true;
          });
      }
    });
    started?.on('error', () => {
      if (child === started && started?.pid === undefined) child = undefined;
    });
    started?.once('exit', (_, signal) => {
      if (child !== started) return;
      child = undefined;
      if (signal !== null) noteSignal(signal);
      if (isReported(signal)) start();
    });
  };

  /** A signal to the group reaches the witness before us, or at the same time, so it has reported that before it answers. */
  const ask = (signal: NodeJS.Signals, since: number) =>
    new Promise<boolean | undefined>((resolve) => {
      let questions = 0;
      let answers = 0;
      const end = (answer: boolean | undefined) => {
        clearInterval(timer);
        onWord = undefined;
        resolve(answer);
      };
      const look = () => {
        if ((lastSeen.get(signal) ?? -Infinity) > since) end(true);
        else if (child === undefined || !isUp) end(undefined);
        // Some shells run the traps of several pending signals in another order, so one answer is not enough.
        else if (answers === 2) end(false);
        else if (questions++ < MOST_QUESTIONS) child.kill(ASK);
        else {
          child.kill('SIGKILL');
          start();
          end(undefined);
        }
      };
      const timer = setInterval(look, ASK_INTERVAL_MS);
      onWord = (word) => {
        if (word === ASK) answers++;
        if (word === ASK || word === signal || child === undefined) look();
      };
      look();
    });

  return {
    start,
    saw(signal) {
      const since = performance.now() - MERGE_MS;
      const answer = last.then(() => ask(signal, since));
      last = answer;
      return answer;
    },
    async end() {
      const ended = child;
      child = undefined;
      if (ended?.kill('SIGKILL')) await new Promise((resolve) => ended.once('exit', resolve));
    },
  };
}

const isReported = (signal: NodeJS.Signals | null): boolean =>
  signal === 'SIGPIPE' || REPORTED.some((known) => known === signal);

/** Starts the shell; undefined if the system refuses: then we do without. */
function tryStart(): ChildProcess | undefined {
  let nothing: number | undefined;
  // It may replace one that died. Why ^Z must have its default action meanwhile, watchSignals() says.
  const handlers = process.listeners('SIGTSTP');
  process.removeAllListeners('SIGTSTP');
  try {
    // It must not hold open what we inherited: a pool stays open as long as somebody does.
    nothing = openSync('/dev/null', 'r');
    const stdio: Array<'pipe' | 'ignore' | number> = ['pipe', 'pipe', 'ignore'];
    for (const fd of listInheritable()) stdio[fd] = nothing;
    const { spawn } = process.getBuiltinModule('node:child_process');
    return spawn('/bin/sh', ['-c', SCRIPT, 'js-run: witness'], {
      cwd: '/',
      env: {},
      stdio: Array.from(stdio, (kind) => kind ?? 'ignore'),
    });
  } catch {
    return undefined;
  } finally {
    for (const handler of handlers) process.on('SIGTSTP', handler);
    if (nothing !== undefined) closeSync(nothing);
  }
}
