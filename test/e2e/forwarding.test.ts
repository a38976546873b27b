import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeWorld, type World } from './world.js';

/** A command that writes down its signals as they come, also those in $ALSO, and exits with 5 when the file `done` is there. */
const RECORDER = `#!/bin/bash
for signal in HUP INT QUIT USR1 USR2 PIPE TERM CONT $ALSO; do trap "echo $signal >>got" $signal; done
exec 9<> <(:)
echo $$ >up
# A sleep(1) would be stopped with it, and bash wait for that.
until [ -e done ]; do read -rt 0.02 -u 9; done
exit 5
`;

/** Runs a command in a process group of its own, as a shell does with job control; that would break loops when a job stops. */
const LEADER = `#!/usr/bin/env python3
import os, sys
os.setpgid(0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
`;

const FUNCTIONS = `
start() {
  ./leader "$@" & job=$!
}
until_true() {
  until eval "$1"; do sleep 0.02; done
}
group() {
  ps -e -o pgid=,pid=,args= | sed -n "s/^ *$job  *\\([0-9]* .*\\)/\\1/p"
}
witness() {
  group | sed -n 's/ .*js-run: witness$//p'
}
# The last of its traps is set.
witnessed() {
  local mask=$(sed -n 's/^SigCgt:.//p' /proc/$(witness)/status 2>/dev/null)
  (( 0x\${mask:-0} & 1 << 22 ))
}
is() {
  [ "$(sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/$2/status)" = $1 ]
}
seen() {
  [ "$(grep -c $1 got 2>/dev/null)" = $2 ]
}
`;

/** Runs a bash script; what it started is ended with the test, in whatever group it is. */
function run(world: World, script: string, also = '') {
  world.file('recorder', RECORDER);
  world.file('leader', LEADER);
  world.file('script', `echo $$ >session\n${FUNCTIONS}${script}`);
  onTestFinished(async () => {
    // bash has a session of its own.
    const session = readFileSync(join(world.dir, 'session'), 'utf8').trim();
    const members = await execa('ps', ['-s', session, '-o', 'pid='], { reject: false });
    for (const member of members.stdout.split('\n').map(Number).filter(Boolean)) {
      try {
        process.kill(member, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  });
  return world.run('exec bash script', { env: { ALSO: also }, timeout: 20_000 });
}

/** Lets the recorder end. What was sent before the fence was passed on before it. */
const finish = (fence: string) =>
  `kill -${fence} $job; until_true 'seen ${fence} 1'; touch done; wait $job; echo $? $(grep -v ${fence} got)`;

/** TSTP takes back a CONT that a process did not look at yet (signal(7)). */
const FENCE = 'kill -USR1 $job; until_true "seen USR1 $i"';

const SIGNALS = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'PIPE', 'TERM', 'CONT'];
const TARGETS = [
  ['the process', '$job'],
  ['the group', '-$job'],
] as const;

describe('a signal, and another after it, reach the command once each', () => {
  const twice = (signal: string, target: string, command: string) => `start ${command} ./recorder
    until_true '[ -s up ]'
    for i in 1 2; do until_true witnessed; kill -${signal} -- ${target}; until_true "seen ${signal} $i"; done
    ${finish(signal === 'USR1' ? 'USR2' : 'USR1')}`;

  it.each(TARGETS.flatMap(([name, target]) => SIGNALS.map((signal) => [signal, name, target] as const)))(
    '%s to %s',
    async (signal, _, target) => {
      const { stdout } = await run(makeWorld(), twice(signal, target, 'js-run'));
      expect(stdout).toBe(`5 ${signal} ${signal}\n`);
    },
  );

  it.each([
    ['TERM', '$job', 'js-create -j 2 --'],
    ['TERM', '-$job', 'js-create -j 2 --'],
    ['INT', '-$job', 'js-create -j 2 --'],
    ['TERM', '$job', 'js-create -j 2 -- js-run'],
    ['TERM', '-$job', 'js-run -n 1 js-run'],
    ['TERM', '-$job', 'js-create -j 3 -- js-run -n 2'],
  ])('%s to %s: %s', async (signal, target, command) => {
    const { stdout } = await run(
      makeWorld(),
      twice(signal, target, command).replace(
        'witnessed',
        `'[ "$(witness | wc -l)" = ${command.split('js-').length - 1} ]'`,
      ),
    );
    expect(stdout).toBe(`5 ${signal} ${signal}\n`);
  });

  it.each(TARGETS)('TSTP and CONT to %s, if the command does not stop', async (_, target) => {
    const { stdout } = await run(
      makeWorld(),
      `start js-run ./recorder; until_true '[ -s up ]'; until_true witnessed
      for i in 1 2; do
        kill -TSTP -- ${target}; until_true "seen TSTP $i"; until_true "is T $job"
        kill -CONT -- ${target}; until_true "seen CONT $i"
        ${FENCE}
      done
      touch done; wait $job; echo $? $(grep -v USR1 got)`,
      'TSTP',
    );
    expect(stdout).toBe('5 TSTP CONT TSTP CONT\n');
  });

  it.each(TARGETS)('TSTP and CONT to %s, if the command stops', async (_, target) => {
    const { stdout } = await run(
      makeWorld(),
      `start js-run ./recorder; until_true '[ -s up ]'; until_true witnessed; command=$(cat up)
      for i in 1 2; do
        kill -TSTP -- ${target}; until_true "is T $job && is T $command"
        kill -CONT -- ${target}; until_true "seen CONT $i"
        ${FENCE}
      done
      touch done; wait $job; echo $? $(grep -v USR1 got)`,
    );
    expect(stdout).toBe('5 CONT CONT\n');
  });

  it.each(['timeout 1000', 'timeout --foreground 1000'])('TERM of %s', async (timeout) => {
    const { stdout } = await run(
      makeWorld(),
      `start ${timeout} js-run ./recorder; until_true '[ -s up ]'; until_true witnessed; kill -TERM $job
      until_true 'seen TERM 1'; kill -USR1 $(ps -o ppid= -p $(cat up)); until_true 'seen USR1 1'
      touch done; wait $job; grep -v -e USR1 -e CONT got`,
    );
    expect(stdout).toBe('TERM\n');
  });
});

it('a command in a group of its own gets signals to the group of js-run', async () => {
  const { stdout } = await run(
    makeWorld(),
    `start js-run ./leader ./recorder; until_true '[ -s up ]'; until_true witnessed
    kill -TERM -- -$job; until_true 'seen TERM 1'; ${finish('USR1')}`,
  );
  expect(stdout).toBe('5 TERM\n');
});

describe('the witness', () => {
  it.each(['js-run', 'js-create -j 1 --'])('of %s holds no inherited descriptor open', async (command) => {
    const { stdout } = await run(
      makeWorld(),
      `exec 7<script 70<script
      start ${command} ./recorder; until_true witnessed; cd /proc/$(witness)
      for fd in fd/*; do readlink $fd | sed 's/\\[.*//'; done | sort -u; [ -e fd/7 ] || echo closed
      readlink cwd; wc -c <environ; cd - >/dev/null; touch done; wait`,
    );
    expect(stdout).toBe('/dev/null\nsocket:\nclosed\n/\n0\n');
  });

  it.each(['js-run', 'js-create -j 1 --'])('of %s ends before it', async (command) => {
    const { stdout } = await run(
      makeWorld(),
      `start ${command} ./recorder; until_true witnessed; witness=$(witness)
      touch done; wait $job; echo $?; [ ! -e /proc/$witness ] && echo gone`,
    );
    expect(stdout).toBe('5\ngone\n');
  });

  it('ends with a js-run that is killed', async () => {
    const { stdout } = await run(
      makeWorld(),
      `start js-run sleep 1000; until_true witnessed; kill -KILL $job; wait $job 2>/dev/null
      until_true '[ "$(group | wc -l)" = 1 ]'; group | cut -d " " -f 2-; kill -KILL -- -$job`,
    );
    expect(stdout).toBe('sleep 1000\n');
  });

  it('is replaced if it does not answer, and the signal is passed on', async () => {
    const { stdout } = await run(
      makeWorld(),
      `start js-run ./recorder; until_true '[ -s up ]'; until_true witnessed; old=$(witness); kill -STOP $old
      kill -TERM $job; until_true 'seen TERM 1'; until_true '[ ! -e /proc/$old ] && witnessed'
      kill -TERM -- -$job; until_true 'seen TERM 2'; ${finish('USR1')}`,
    );
    expect(stdout).toBe('5 TERM TERM\n');
  });
});
