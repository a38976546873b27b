import { spawnSync } from 'node:child_process';
import type { Cast } from './casts.js';
import type { Random } from './random.js';

/** Something that uses the pool for a while; all of it runs in one process tree. */
export interface Scene {
  name: string;
  weight: number;
  /**
   * What may be done to it, so that what runs without a slot afterwards is the tools' fault and not what the protocol cannot
   * help: a make that is killed leaves its recipes behind, a shell its plain commands.
   *
   * - `any`: any signal to any process; no job of it lives in a slot of a process that can die before it.
   * - `shell`: the shell, which holds the slot of what it runs, gets none; the rest gets any.
   * - `client`: the first process, a js-run, gets any; make and ninja get one that they pass on or wait for, and only once;
   *   what they started gets none that kills a js-run from under its job.
   *
   * All of them are ended as a whole, jobs first, too.
   */
  rule: 'any' | 'shell' | 'client';
  /** Returns the words of a command. */
  command(random: Random): string[];
  /** With which statuses it may end that nobody sent a signal to. */
  statuses?: readonly number[];
  /** Whether some of it stops when its child is stopped, and does not go on with that. */
  stopsToo?: boolean;
  /** Whether the machine lets it play, by default always. */
  isPossible?: (cast: Cast) => boolean;
}

/** Returns the scenes that can be played. */
export const scenesOf = (cast: Cast): Scene[] => SCENES.filter(({ isPossible }) => isPossible?.(cast) ?? true);

const bash = (script: string) => ['bash', '-c', script];
const seconds = (random: Random, most = 400) => (random.integer(10, most) / 1000).toFixed(3);

/** A container ends with unshare(1), which only root may call; not with the user of a pool that is another one's. */
const CONTAINER = ['unshare', '--pid', '--mount', '--fork', '--mount-proc', '--kill-child', '--'];

const canContain = (cast: Cast): boolean =>
  cast.user === undefined && spawnSync('unshare', [...CONTAINER.slice(1), 'true']).status === 0;

const canSudo = (cast: Cast): boolean => cast.user === undefined && spawnSync('sudo', ['-n', 'true']).status === 0;

/** What env -i takes with it, so that the chaos knows its own. */
const MARKS = ['PATH', 'CHAOS_RUN', 'CHAOS_ACTOR', 'CHAOS_SEATS', 'CHAOS_LIMIT', 'CHAOS_LOG']
  .map((name) => `"${name}=$${name}"`)
  .join(' ');

/** A login of its own, whose XDG_RUNTIME_DIR is another one. */
const OTHER_LOGIN = 'mkdir -m 700 run; export XDG_RUNTIME_DIR=$PWD/run';

/** Some that fit side by side, some that do not, and more than there is. Nothing uses it. */
const someMemory = (random: Random) => random.pick(['20%', '40%', '60%', '90%', '900T']);

/** Starts jobs, and waits for what it started whatever comes. */
const inBackground = (run: string, seconds: string) =>
  bash(`trap : TERM INT HUP
    for time in ${seconds}; do ${run} -- job $time & jobs+=($!); done
    for job in "\${jobs[@]}"; do while wait $job; status=$?; [ -e /proc/$job ]; do :; done; worst=$((worst | status)); done
    exit $worst`);

const SCENES: readonly Scene[] = [
  {
    name: 'js-run',
    weight: 10,
    rule: 'any',
    command: (random) => ['js-run', '--', 'job', seconds(random)],
  },
  {
    name: 'js-run -n 2',
    weight: 4,
    rule: 'any',
    command: (random) => ['js-run', '-n', '2', '--', 'job', seconds(random), '2'],
  },
  {
    name: 'js-run -n MIN-MAX',
    weight: 3,
    rule: 'any',
    command: (random) => ['js-run', '-n', random.pick(['1-3', '2-4', '2-9']), '--', 'job', seconds(random), '{n}'],
  },
  {
    name: 'js-run -n all',
    weight: 2,
    rule: 'any',
    command: (random) => ['js-run', '-n', 'all', '--', 'job', seconds(random), '{n}'],
  },
  {
    name: 'js-run that does not wait long',
    weight: 3,
    rule: 'any',
    command: (random) => ['js-run', ...random.pick([['--no-wait'], ['--timeout', '1']]), '--', 'job', seconds(random)],
    statuses: [0, 75],
  },
  {
    name: 'js-run --memory',
    weight: 5,
    rule: 'any',
    command: (random) => ['js-run', '--memory', someMemory(random), '--', 'job', seconds(random)],
  },
  {
    name: 'js-run -n MIN-MAX --memory-per-job',
    weight: 2,
    rule: 'any',
    command: (random) => ['js-run', '-n', '1-3', '--memory-per-job', '30%', '--', 'job', seconds(random), '{n}'],
  },
  {
    name: 'js-each --memory',
    weight: 2,
    rule: 'any',
    command: (random) => ['js-each', '--memory', someMemory(random), 'job', ':::', ...times(random, 2, 6).split(' ')],
  },
  {
    name: 'js-run --memory below js-run',
    weight: 4,
    rule: 'client',
    command: (random) => [
      'js-run',
      ...random.pick([[], ['--memory', someMemory(random)]]),
      '--',
      ...inBackground(`js-run --memory ${someMemory(random)}`, times(random, 2, 4)),
    ],
  },
  {
    name: 'js-acquire --memory and js-release',
    weight: 2,
    rule: 'shell',
    command: (random) =>
      bash(`slot=$(js-acquire --memory ${someMemory(random)}) || exit; job ${seconds(random)}; js-release $slot`),
  },
  {
    name: 'js-run without a slot owner',
    weight: 3,
    rule: 'any',
    command: (random) => ['setsid', '-f', 'js-run', '--', 'job', seconds(random)],
  },
  {
    name: 'js-acquire and js-release',
    weight: 5,
    rule: 'shell',
    command: (random) => bash(`slot=$(js-acquire) || exit; job ${seconds(random)}; js-release $slot`),
  },
  {
    name: 'js-acquire and exec',
    weight: 4,
    rule: 'any',
    command: (random) => bash(`js-acquire >/dev/null && exec job ${seconds(random)}`),
  },
  {
    name: 'shell that dies with its slots',
    weight: 3,
    rule: 'any',
    command: (random) =>
      bash(`js-acquire -n ${random.integer(1, 3)} >/dev/null
        exec perl -e 'select undef, undef, undef, ${seconds(random, 900)}; kill KILL => $$'`),
    statuses: [137],
  },
  {
    name: 'loop of js-run',
    weight: 4,
    rule: 'any',
    command: (random) =>
      bash(`for time in ${times(random, 3, 9)}; do js-run -- job $time & jobs+=($!); done
        for job in "\${jobs[@]}"; do wait $job || exit; done`),
  },
  {
    name: 'xargs -P of js-run',
    weight: 3,
    rule: 'any',
    command: (random) => bash(`printf '%s\\n' ${times(random, 3, 9)} | xargs -P 4 -n 1 js-run -- job`),
  },
  {
    name: 'js-each',
    weight: 6,
    rule: 'any',
    command: (random) => [
      'js-each',
      ...random.pick([[], ['-j', '3'], ['-k']]),
      'job',
      ':::',
      ...times(random, 3, 12).split(' '),
    ],
  },
  {
    name: 'js-each of js-run',
    weight: 3,
    rule: 'any',
    command: (random) => ['js-each', 'js-run', '--', 'job', ':::', ...times(random, 3, 6).split(' ')],
  },
  {
    name: 'js-each --slots 2',
    weight: 2,
    rule: 'any',
    command: (random) => ['js-each', '--slots', '2', 'job', '{}', '2', ':::', ...times(random, 2, 5).split(' ')],
  },
  {
    name: 'js-run below js-run',
    weight: 3,
    rule: 'client',
    command: (random) => ['js-run', '--', ...inBackground('js-run', times(random, 2, 4))],
  },
  {
    name: 'make',
    weight: 3,
    rule: 'client',
    command: make,
  },
  {
    name: 'ninja',
    weight: 3,
    rule: 'client',
    command: (random) => [
      'js-run',
      '--',
      'ninja',
      '--quiet',
      '-k',
      '0',
      '-f',
      '../build.ninja',
      ...parts(random).split(' '),
    ],
  },
  {
    name: 'pool of its own',
    weight: 2,
    rule: 'any',
    // If its pool has ended, because the process that made it was killed, a js-run has no slot.
    command: (random) => {
      const loop = `for time in ${times(random, 3, 6)}; do js-run --require -- job $time & jobs+=($!); done
        for job in "\${jobs[@]}"; do wait $job || exit; done`;
      const create = 'js-create -j 2 --auth fifo';
      return bash(`mkdir seats; export CHAOS_SEATS=$PWD/seats CHAOS_LIMIT=2
        ${random.pick([`exec ${create} -- bash -c '${loop}'`, `code=$(${create}) || exit; eval "$code"; ${loop}`])}`);
    },
  },
  {
    name: 'js-run with another state folder',
    weight: 4,
    rule: 'any',
    command: (random) => bash(`${OTHER_LOGIN}; exec js-run -- job ${seconds(random)}`),
  },
  {
    name: 'js-run with no environment',
    weight: 3,
    rule: 'any',
    command: (random) => bash(`exec env -i ${MARKS} js-run --fifo ../fifo -- job ${seconds(random)}`),
  },
  {
    name: 'js-acquire with another state folder',
    weight: 2,
    rule: 'shell',
    command: (random) => bash(`${OTHER_LOGIN}; slot=$(js-acquire) || exit; job ${seconds(random)}; js-release $slot`),
  },
  {
    name: 'make with another state folder',
    weight: 2,
    rule: 'client',
    command: (random) => ['env', '-u', 'XDG_RUNTIME_DIR', ...make(random)],
  },
  {
    name: 'js-run in a container',
    weight: 3,
    rule: 'any',
    command: (random) => [...CONTAINER, 'js-run', '--', 'job', seconds(random)],
    // No keeper can be started in there if the one outside was killed.
    statuses: [0, 69],
    isPossible: canContain,
  },
  {
    name: 'js-run in a container that has the FIFO, but not the state',
    weight: 2,
    rule: 'any',
    command: (random) => [
      ...CONTAINER,
      ...bash(`mount -t tmpfs none "$XDG_RUNTIME_DIR" && exec js-run -- job ${seconds(random)}`),
    ],
    // It is refused: what it holds could be seen by nobody.
    statuses: [125, 69],
    isPossible: canContain,
  },
  {
    name: 'sudo -E js-run',
    weight: 2,
    rule: 'any',
    // It resets PATH all the same.
    command: (random) => bash(`exec sudo -n -E env "PATH=$PATH" js-run -- job ${seconds(random)}`),
    stopsToo: true,
    isPossible: canSudo,
  },
  {
    name: 'a shell on a terminal',
    weight: 4,
    rule: 'any',
    command: (random) => {
      const jobs = times(random, 2, 5)
        .split(' ')
        .map((time) => `js-run -- job ${time}${random.pick(['', ' &'])}`);
      return onTerminal(random.pick(JOB_CONTROL), [...jobs, 'wait']);
    },
    stopsToo: true,
  },
  {
    name: 'keys on a terminal',
    weight: 3,
    rule: 'any',
    // What ^C or ^\\ ends is none of the shell's failures; what ^Z stops goes on.
    command: (random) => {
      const lines = [`js-run -- job ${seconds(random, 900)}`, 'fg 2>/dev/null', 'wait', 'exit 0'];
      return onTerminal('bash -m', lines, {
        after: seconds(random, 900),
        key: random.pick(['\\003', '\\032', '\\034']),
      });
    },
    // The shell itself may be what ^C ends.
    statuses: [0, 130, 131],
    stopsToo: true,
  },
  {
    name: 'js-env',
    weight: 1,
    rule: 'any',
    // Not in the place of the shell, whose descriptors it looks at.
    command: () => bash('js-env >/dev/null; exit'),
  },
];

/** Returns a scene of so many js-runs that are started at once, nearly all of which wait. */
export const crowdOf = (size: number): Scene => ({
  name: `crowd of ${size}`,
  weight: 0,
  rule: 'any',
  command: () =>
    bash(`for i in $(seq ${size}); do js-run -- job 0.02 & jobs+=($!); done
      for job in "\${jobs[@]}"; do wait $job || exit; done`),
});

/** Shells with job control: each job is a process group of its own, in the foreground of the terminal or behind. */
const JOB_CONTROL = ['bash -m', 'zsh -fm', 'ksh -m', 'mksh -m'];

/** Returns a shell that runs the lines on a terminal of its own, on which a key is pressed after a while, in seconds. */
function onTerminal(shell: string, lines: readonly string[], press?: { after: string; key: string }): string[] {
  const keys =
    press === undefined ? ':' : `perl -e 'select undef, undef, undef, ${press.after}'; printf '${press.key}'`;
  return bash(`echo '${lines.join('\n')}' >lines; { ${keys}; } | script -qec '${shell} ./lines' /dev/null`);
}

function make(random: Random): string[] {
  return ['js-run', '--', 'make', '-s', '-k', '-f', '../Makefile', `PARTS=${parts(random)}`];
}

function times(random: Random, least: number, most: number): string {
  return Array.from({ length: random.integer(least, most) }, () => seconds(random)).join(' ');
}

/** The targets of the Makefile and of build.ninja. */
const TARGETS = ['plain', 'run', 'pair'].flatMap((kind) => Array.from({ length: 8 }, (_, i) => `${kind}-${i}`));

function parts(random: Random): string {
  const chosen = new Set(Array.from({ length: random.integer(3, 9) }, () => random.pick(TARGETS)));
  return [...chosen].join(' ');
}

/** How each kind of target is built: every recipe is one command, which make and ninja start without a shell, or exec. */
const RECIPES = {
  plain: (seconds: string) => `job ${seconds}`,
  run: (seconds: string) => `js-run -- job ${seconds}`,
  pair: (seconds: string) => `js-run -n 2 -- job ${seconds} {n}`,
};

const recipeOf = (target: string): string => {
  const [kind, number] = target.split('-');
  return RECIPES[kind as keyof typeof RECIPES](`0.${Number(number) + 1}`);
};

export const MAKEFILE = `all: $(PARTS)\n.PHONY: all ${TARGETS.join(' ')}\n${TARGETS.map(
  (target) => `${target}:\n\t${recipeOf(target)}\n`,
).join('')}`;

export const NINJA_FILE = `rule run\n  command = exec $line\n${TARGETS.map(
  (target) => `build ${target}: run\n  line = ${recipeOf(target)}\n`,
).join('')}`;
