import { expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { type Call, inParallel, runScenario, type Scenario } from './faults.js';
import { makeWorld, type World } from './world.js';

const RUN = 'traced js-run span job sleep 0.2';

/** Begins to wait with both slots taken, and gives one of them free. */
const waitFor = (slot: string) =>
  `implicit=$(js-acquire) token=$(js-acquire); ${RUN} & until_traced inotify_add_watch; js-release $${slot}; wait`;

const SCENARIOS: Scenario[] = [
  { name: 'js-run with the implicit slot', jobs: 2, script: RUN },
  { name: 'js-run with a token', jobs: 2, script: `js-acquire >handle; ${RUN}` },
  { name: 'js-run that waits for the implicit slot', jobs: 2, script: waitFor('implicit') },
  { name: 'js-run that waits for a token', jobs: 2, script: waitFor('token') },
  { name: 'js-run -n 2', jobs: 4, script: 'traced js-run -n 2 span job sleep 0.2' },
  { name: 'js-acquire of the implicit slot', jobs: 2, script: 'traced js-acquire' },
  { name: 'js-acquire of tokens', jobs: 4, script: 'js-acquire >handle; traced js-acquire -n 2' },
  { name: 'js-release of a token', jobs: 4, script: 'js-acquire >handle; traced js-release $(js-acquire)' },
  { name: 'js-release of all', jobs: 2, script: 'js-acquire -n 2 >handle; traced js-release' },
];

/**
 * The two moments in which nobody can know of a token: read from the pool and not yet in the claim; and on its way back, when
 * whoever looks cannot tell whether it is back already. One too many would break the promise of N, so it is for the keeper
 * to count the tokens when the pool is idle.
 */
const LOSES = /^write\(<(STATE\/POOL\/claims\/ID>, "token|DIR\/f>)/;

/** Kills the command when it enters a call. @returns what is wrong then */
async function killAt(world: World, scenario: Scenario, call: Call): Promise<string | undefined> {
  const fault = { call, what: 'signal=SIGKILL' };
  const where = ({ label, again }: Call) => `${label} #${again}`;
  let killed = '';
  for (let attempts = 0; attempts < 5; attempts++) {
    const { killedIn, complaints, spans } = await runScenario(world, scenario, fault, LOSES.test(call.label));
    const most = peak(spans);
    if (complaints !== '' || most !== 1) return `${where(call)}: ${complaints}, ${most} at a time`;
    killed = killedIn === undefined ? 'not at all' : where(killedIn);
    if (killed === where(call)) return undefined;
    // A look at the pool came earlier or later than when the calls were counted: it was another one of that name.
  }
  return `${where(call)}: killed ${killed}`;
}

it.each(SCENARIOS)('$name, killed at any call, loses no slot', async (scenario) => {
  const world = makeWorld();
  const { calls, complaints, status, spans } = await runScenario(world, scenario);
  expect({ status, complaints, peak: peak(spans) }).toEqual({ status: 0, complaints: '', peak: 1 });
  expect(calls.length).toBeGreaterThan(8);
  expect(await inParallel(calls, (call) => killAt(world, scenario, call))).toEqual([]);
});
