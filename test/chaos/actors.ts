import { spawn } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { asUser } from './casts.js';
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

/** Joins the pool as a person does: a pair is opened in the shell that a scene is then started from. */
const JOIN = 'eval "$CHAOS_CODE"; unset CHAOS_CODE; exec "$@"';

/**
 * Starts a scene, in a session and a folder of its own.
 * @param isRoot whether it is root's, if the pool is another user's
 */
export function startActor(stage: Stage, number: number, scene: Scene, words: string[], isRoot: boolean): Actor {
  const { dir, env, cast, code } = stage;
  const cwd = join(dir, `actor-${number}`);
  mkdirSync(cwd);
  const log = join(cwd, 'output');
  const output = openSync(log, 'a');
  const user = isRoot ? undefined : cast.user?.id;
  if (user !== undefined) for (const path of [cwd, log]) chownSync(path, user, user);
  const joins = cast.auth === 'fifo' ? [] : ['bash', '-c', JOIN, 'bash'];
  const [file = '', ...args] = [...joins, ...words];
  const child = spawn(file, args, {
    ...asUser(user),
    cwd,
    env: { ...env, [MARK.actor]: String(number), ...(joins.length > 0 ? { CHAOS_CODE: code } : {}) },
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
