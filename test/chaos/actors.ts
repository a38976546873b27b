import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { MARK } from './processes.js';
import type { Scene } from './scenes.js';
import type { Stage } from './stage.js';

/** One scene that is played. */
export interface Actor {
  number: number;
  scene: Scene;
  words: string[];
  /** Of its first process. */
  pid: number;
  /** Whether any of its processes was sent a signal. */
  touched: boolean;
  /** Whether its client was told to end: a second time it would leave its recipes behind. */
  told: boolean;
  /** Whether all of it is about to be killed. */
  ending: boolean;
  /** As a shell gives it; undefined while it runs. */
  status: number | undefined;
  /** What it wrote. */
  log: string;
}

/** Starts a scene, in a session and a folder of its own. */
export function startActor({ dir, env }: Stage, number: number, scene: Scene, words: string[]): Actor {
  const cwd = join(dir, `actor-${number}`);
  mkdirSync(cwd);
  const log = join(cwd, 'output');
  const output = openSync(log, 'a');
  const [file = '', ...args] = words;
  const child = spawn(file, args, {
    cwd,
    env: { ...env, [MARK.actor]: String(number) },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const actor: Actor = {
    number,
    scene,
    words,
    pid: child.pid ?? -1,
    touched: false,
    told: false,
    ending: false,
    status: undefined,
    log,
  };
  child.on('error', () => {
    // It was killed between fork and exec.
    actor.status ??= 127;
  });
  child.on('exit', (code, signal) => {
    actor.status = signal === null ? (code ?? 0) : 128 + constants.signals[signal];
  });
  return actor;
}
