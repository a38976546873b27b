import { clockMs } from '../process/clock.js';
import type { ProgramEnd } from '../process/exit.js';
import { formatStatus } from './format-status.js';
import { formatWatch, type Screen } from './format-watch.js';
import { enterFullScreen, type FullScreen } from './full-screen.js';
import { makeLanes } from './lanes.js';
import type { PoolStatus } from './pool-status.js';

/** How often the screen is drawn. */
const INTERVAL_MS = 1000;

/** Reading the status may take one part of that many of a core's time: with many processes it is read less often. */
const COST_FACTOR = 100;

/** But the status is never older than that. */
const MAX_AGE_MS = 5000;

/** How many looks the utilisation is of: five minutes. */
const MOST_SHARES = 300;

/** What the watch needs to know of its surroundings. */
export interface WatchOptions {
  /** Reads the status. @throws JobserverError 'no-pool' when the pool has ended */
  read(): PoolStatus;
  /** Returns the size of the terminal. */
  measure(): Screen;
  /** Whether the terminal understands no control sequences (TERM=dumb): then a change is printed below what was before. */
  isDumb: boolean;
  print(text: string): void;
}

/** Shows the pool until the person quits. @returns how this process is to end @throws as options.read() */
export function watch(options: WatchOptions): Promise<ProgramEnd> {
  const assign = makeLanes();
  const shares: number[] = [];
  let status = options.read();
  let readAt = clockMs();
  let costMs = 0;
  let shown = '';
  let screen: FullScreen | undefined;
  return new Promise((resolve, reject) => {
    const stop = (settle: () => void) => {
      clearInterval(timer);
      screen?.end();
      for (const signal of ENDING) process.removeAllListeners(signal);
      process.removeListener('SIGCONT', goOn);
      process.stdout.removeListener('resize', draw);
      settle();
    };
    const draw = () => {
      if (options.isDumb) return drawBelow();
      const { jobs, holding, slots } = status;
      const count = jobs ?? holding.length + (slots.free ?? 0);
      const lanes = assign(count, holding, slots.others ?? 0);
      screen?.show(formatWatch(status, lanes, shares, Date.now(), options.measure()));
    };
    const drawBelow = () => {
      const text = formatStatus(status, Date.now());
      // Times change all the time.
      const lasting = text.replace(/\d+ (s|min|h|d)\b/g, '');
      if (lasting !== shown) options.print(`${text}\n`);
      shown = lasting;
    };
    const look = () => {
      try {
        if (clockMs() - readAt >= Math.min(MAX_AGE_MS, Math.max(INTERVAL_MS / 2, costMs * COST_FACTOR))) {
          readAt = clockMs();
          const before = process.cpuUsage();
          status = options.read();
          const { user, system } = process.cpuUsage(before);
          costMs = (user + system) / 1000;
        }
        const { jobs, slots } = status;
        if (jobs !== null && slots.free !== null) shares.push(1 - slots.free / jobs);
        if (shares.length > MOST_SHARES) shares.shift();
        draw();
      } catch (error) {
        stop(() => reject(error));
      }
    };
    const enter = () =>
      enterFullScreen((key) => {
        if (key === 'quit') stop(() => resolve(0));
        else if (key === 'interrupt') stop(() => resolve({ signal: 'SIGINT' }));
        else suspend();
      });
    const suspend = () => {
      screen?.end();
      screen = undefined;
      // The default action stops us here, with all that runs in the foreground, as the terminal would do it.
      process.removeListener('SIGTSTP', suspend);
      process.kill(0, 'SIGTSTP');
      setImmediate(goOn);
    };
    const goOn = () => {
      process.removeListener('SIGTSTP', suspend);
      process.on('SIGTSTP', suspend);
      if (!options.isDumb) screen ??= enter();
      draw();
    };
    for (const signal of ENDING) process.on(signal, () => stop(() => resolve({ signal })));
    process.on('SIGTSTP', suspend);
    process.on('SIGCONT', goOn);
    process.stdout.on('resize', draw);
    const timer = setInterval(look, INTERVAL_MS);
    if (!options.isDumb) screen = enter();
    draw();
  });
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
