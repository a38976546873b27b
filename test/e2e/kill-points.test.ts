import { expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { type Call, expectUnharmed, isSeen, runScenario, type Scenario, strike } from './faults.js';
import { makeWorld, type World } from './world.js';

const RUN = 'traced js-run span job sleep 0.2';

/** Begins to wait with both slots taken, and gives one of them free. */
const waitFor = (slot: string) =>
  `implicit=$(js-acquire) token=$(js-acquire); ${RUN} & until_traced waits-; js-release $${slot}; wait`;

/** Runs in a token when the implicit slot becomes free, and takes that instead; the job lasts until the token is back. */
const EXCHANGES: Scenario = {
  name: 'js-run that gives its token for the implicit slot',
  jobs: 2,
  script: `implicit=$(js-acquire)
    traced js-run span job sh -c ': >began; until grep -qE ".put [0-9a-f]{2}|^[+]" trace; do sleep 0.02; done' &
    until [ -e began ] || grep -q '^[+]' trace 2>/dev/null; do sleep 0.02; done; js-release $implicit; wait`,
};

const MAKES_POOL: Scenario = { name: 'js-run -n 2', jobs: 4, script: 'traced js-run -n 2 span job sleep 0.2' };

/**
 * With three children that end, how many calls Node makes for itself behind the job's start differs from run to run, so that
 * none can be told by its number; how slots go back the others show.
 */
const beforeItsJob = (calls: Call[]): Call[] =>
  calls.slice(
    0,
    calls.findIndex(({ label }) => label.includes('"start')),
  );

const SCENARIOS: Scenario[] = [
  { name: 'js-run with the implicit slot', jobs: 2, script: RUN },
  { name: 'js-run with a token', jobs: 2, script: `js-acquire >handle; ${RUN}` },
  { name: 'js-run with a token of a pair', jobs: 2, auth: 'pipe', script: `js-acquire >handle; ${RUN}` },
  {
    name: 'js-release of a token of a pair',
    jobs: 4,
    auth: 'pipe',
    script: 'js-acquire >handle; traced js-release $(js-acquire)',
  },
  { name: 'js-run that waits for the implicit slot', jobs: 2, script: waitFor('implicit') },
  { name: 'js-run that waits for a token', jobs: 2, script: waitFor('token') },
  { name: 'js-each with the implicit slot', jobs: 2, script: 'traced js-each -u span job sleep ::: 0.2' },
  { name: 'js-each with a token', jobs: 2, script: 'js-acquire >handle; traced js-each -u span job sleep ::: 0.2' },
  MAKES_POOL,
  EXCHANGES,
  { name: 'js-acquire of the implicit slot', jobs: 2, script: 'traced js-acquire' },
  { name: 'js-acquire of tokens', jobs: 4, script: 'js-acquire >handle; traced js-acquire -n 2' },
  { name: 'js-release of a token', jobs: 4, script: 'js-acquire >handle; traced js-release $(js-acquire)' },
  { name: 'js-release of all', jobs: 2, script: 'js-acquire -n 2 >handle; traced js-release' },
];

/**
 * The two moments in which no process can know of a token: it was read from the pool and is not yet in the claim; or it is on its
 * way back, and may or may not have arrived. A token too many would break the promise of N, so the keeper counts the tokens
 * when the pool is idle.
 */
const LOSES = /^write\(<(STATE\/POOL\/claims\/ID>, "token|DIR\/f>)/;

/** A token that was crossed out while its claim stays, and for which the pool is being opened. */
const LOSES_EXCHANGED = /^openat\("\/proc\/self\/fd\/\d+", O_WRONLY\|O_NONBLOCK\|(O_LARGEFILE\|)?O_CLOEXEC/;

/** Kills the command when it enters the call. @returns what is wrong then */
function killAt(world: World, scenario: Scenario, call: Call): Promise<string | undefined> {
  return strike(
    world,
    scenario,
    { call, what: 'signal=SIGKILL' },
    ({ complaints, spans }) => (complaints || peak(spans) !== 1 ? `${complaints}${peak(spans)} at a time` : ''),
    LOSES.test(call.label) || (scenario === EXCHANGES && LOSES_EXCHANGED.test(call.label)),
  );
}

it.each(SCENARIOS)('$name, killed at any call, loses no slot', async (scenario) => {
  const world = makeWorld();
  const { calls, complaints, status, spans } = await runScenario(world, scenario);
  expect({ status, complaints, peak: peak(spans) }).toEqual({ status: 0, complaints: '', peak: 1 });
  const all = calls.filter(isSeen);
  const seen = scenario === MAKES_POOL ? beforeItsJob(all) : all;
  // A pair is found without the two opens of a path.
  expect(seen.length).toBeGreaterThan(scenario.auth === 'pipe' ? 6 : 8);
  await expectUnharmed(seen, (call) => killAt(world, scenario, call));
});
