/** Something else is open under the numbers that MAKEFLAGS advertises: a script's log, a pipe of its own with data in it. */
import { describe, expect, it } from 'vitest';
import { make43 } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const JOBS = [1, 2, 3, 4, 5, 6, 7, 8];
const LOG = [...JOBS.map((n) => `line ${n} of the log`), 'end', ''].join('\n');

/** Starts eight jobs, and says a line before each; \$R and \$W are the numbers of the pair. */
const BODY = `
for i in ${JOBS.join(' ')}; do echo "line $i of the log"; js-run span "job $i" meet 2 & jobs+=($!); done
for job in "\${jobs[@]}"; do wait "$job" || exit; done; echo end`;

/** Finds the numbers of the pair. */
const FIND_PAIR = `[[ $MAKEFLAGS =~ auth=([0-9]+),([0-9]+) ]] || { echo "no pair: $MAKEFLAGS"; exit 1; }
R=\${BASH_REMATCH[1]} W=\${BASH_REMATCH[2]}`;

/** How a script comes to have something else there. */
const OVER_LOG = `eval "exec $R>&1 $W>&2"`;
const OVER_FIFO = `mkfifo foreign; eval "exec $R<>foreign $W>&$R"; printf ++++++++ >&$W`;
const INTACT = `IFS= read -rN8 -t1 -u$R bytes; [ "$bytes" = ++++++++ ] || echo "the pipe has '$bytes'"`;

/** An anonymous pipe at two numbers, with eight bytes, around a script. */
const PIPE = `use POSIX; $^F = 99; my ($r, $w) = splice @ARGV, 0, 2; pipe my $in, my $out; syswrite $out, "+" x 8;
my ($far, $away) = (fcntl($in, F_DUPFD, 50), fcntl($out, F_DUPFD, 50)); dup2($far, $r); dup2($away, $w); exec @ARGV`;

/** Runs a script whose output is a pipe, and expects all of its output and two jobs at a time. */
async function expectTwo(world: World, script: string): Promise<void> {
  const { status, stdout, stderr } = await world.run(`set -o pipefail; ${script}`, { timeout: 45_000 });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: LOG, stderr: '' });
  const spans = await world.spans();
  expect({ jobs: spans.length, peak: peak(spans) }).toEqual({ jobs: JOBS.length, peak: 2 });
}

const CALLERS: [string, string][] = [
  ['js-create', 'js-create -j 2 -- bash ./log.sh'],
  ['js-create --auth pipe', 'js-create --auth pipe -j 2 -- bash ./log.sh'],
  ['js-run below js-create', 'js-create --auth pipe -j 2 -- js-run bash ./log.sh'],
  ['eval', `bash -c 'eval "$(js-create --auth pipe -j 2)"; . ./log.sh'`],
  ['a + line of make 4.3', `${make43} -s -j2 plus`],
  ['a line of make 4.3 without +', `${make43} -s -j2 plain`],
];

describe.each(CALLERS)('below %s', (_, caller) => {
  function prepare(takeOver: string, after = ''): World {
    const world = makeWorld();
    world.file('Makefile', 'plus: ; +@bash ./log.sh\nplain: ; @bash ./log.sh\n');
    world.file('log.sh', `${FIND_PAIR}\n${takeOver}\n${BODY}\n${after}`);
    return world;
  }

  it("a log under the pair's numbers is neither read nor written to", async () => {
    await expectTwo(prepare(OVER_LOG), `timeout 40 ${caller} 2>&1 | cat`);
  });

  it('nor is one that no process reads until the end', async () => {
    const reader = '{ until [ -e ended ]; do sleep 0.05; done; cat; }';
    await expectTwo(prepare(OVER_LOG), `{ timeout 40 ${caller} 2>&1; s=$?; : >ended; exit $s; } | ${reader}`);
  });

  it('bytes in a FIFO of its own are no slots', async () => {
    await expectTwo(prepare(OVER_FIFO, INTACT), `timeout 40 ${caller} 2>&1 | cat`);
  });

  it('nor are bytes in a pipe of its own', async () => {
    const world = prepare('', INTACT);
    world.file('inner.sh', `${FIND_PAIR}\n${BODY}\n${INTACT}`);
    world.file('log.sh', `${FIND_PAIR}\nexec perl -e '${PIPE}' "$R" "$W" bash ./inner.sh`);
    await expectTwo(world, `timeout 40 ${caller} 2>&1 | cat`);
  });
});
