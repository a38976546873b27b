import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { listInheritable } from './descriptors.js';

/**
 * A small process in our process group that tells which signals came to the whole group. Who sent a signal, and to whom, is
 * hidden from a Node program.
 */
export interface Witness {
  start(): void;
  /** @returns whether a signal that came to us came to it too, so to the group; undefined where it cannot tell */
  saw(signal: NodeJS.Signals): Promise<boolean | undefined>;
  /** Ends it, so that nothing is left to a process 1 that does not reap. */
  end(): Promise<void>;
}

/** What it tells of. It leaves SIGPIPE and SIGKILL alone, and tells of those by its end. */
const TOLD = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGCONT', 'SIGTSTP'] as const;

/** Asks it to answer. Nobody else sends it, and it hurts nobody who does not wait for it. */
const ASK = 'SIGURG';

/** What it says when its traps are set. */
const UP = 'UP';

/**
 * `read` fails where a signal comes, and where our end of the pipe is closed: so it ends with us, however we end. It has no
 * `|| exit` after the echo: dash gets its status wrong where another signal comes meanwhile.
 */
const SCRIPT = `for s in ${[...TOLD, ASK].map((signal) => signal.slice(3)).join(' ')}; do trap "hit=1; echo $s" $s; done; echo ${UP}
while read -r _ || [ "$hit" ]; do hit=; done`;

/** Milliseconds in which signals of one kind to the group are one for a shell, though they may be two for us. */
const MOMENT = 50;

/** Milliseconds between two askings. A shell that is just about to read misses one. */
const ASK_EVERY = 25;

/** How often it is asked before it is taken for stopped or stuck. */
const MOST_ASKINGS = 20;

/** @returns a witness that is not started yet */
export function makeWitness(): Witness {
  const told = new Map<string, number>();
  let child: ChildProcess | undefined;
  let isUp = false;
  let onWord: ((word: string) => void) | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const hear = (word: string) => {
    told.set(word, performance.now());
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
        if (word !== UP) hear(`SIG${word}`);
        // What comes to light in this turn may have been sent before it was there.
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
      if (signal !== null) hear(signal);
      if (isTold(signal)) start();
    });
  };

  /** A signal to the group reaches it before us, or at the same time. What it answers to a later one says all. */
  const ask = (signal: NodeJS.Signals, since: number) =>
    new Promise<boolean | undefined>((resolve) => {
      let askings = 0;
      let answers = 0;
      const end = (answer: boolean | undefined) => {
        clearInterval(timer);
        onWord = undefined;
        resolve(answer);
      };
      const look = () => {
        if ((told.get(signal) ?? -Infinity) > since) end(true);
        else if (child === undefined || !isUp) end(undefined);
        // Some shells run the traps of signals that wait together in another order.
        else if (answers === 2) end(false);
        else if (askings++ < MOST_ASKINGS) child.kill(ASK);
        else {
          child.kill('SIGKILL');
          start();
          end(undefined);
        }
      };
      const timer = setInterval(look, ASK_EVERY);
      onWord = (word) => {
        if (word === ASK) answers++;
        if (word === ASK || word === signal || child === undefined) look();
      };
      look();
    });

  return {
    start,
    saw(signal) {
      const since = performance.now() - MOMENT;
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

const isTold = (signal: NodeJS.Signals | null): boolean =>
  signal === 'SIGPIPE' || TOLD.some((known) => known === signal);

/** @returns undefined where the system refuses: then we do without */
function tryStart(): ChildProcess | undefined {
  let nothing: number | undefined;
  // In place of one that died. For a ^Z in this moment see watchSignals().
  const handlers = process.listeners('SIGTSTP');
  process.removeAllListeners('SIGTSTP');
  try {
    // It may hold nothing that we inherited: a pool stays open as long as somebody holds it.
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
