import { writeSync } from 'node:fs';
import { clockMs } from '../process/clock.js';
import { readProcess } from '../process/process-table.js';
import { formatProgress, type ProgressFigures } from './progress.js';

/** The last line of a terminal, which says how far the run is. */
export interface ProgressLine {
  update(figures: Omit<ProgressFigures, 'total' | 'seconds'>): void;
  /** Must be called before anything else is written to the terminal. */
  clear(): void;
  /** Clears it for good. */
  end(): void;
}

/** How often the line is written. Runs that are over before that show none. */
const INTERVAL_MS = 250;

const CLEAR = '\r\x1b[K';

/**
 * Shows the progress on standard error.
 * @param total the number of jobs, if it is known
 * @param columns returns the width of the terminal
 */
export function showProgress(total: number | undefined, columns: () => number): ProgressLine {
  const start = clockMs();
  let figures: Omit<ProgressFigures, 'total' | 'seconds'> | undefined;
  let isShown = false;
  const clear = () => {
    if (isShown) tryWrite(CLEAR);
    isShown = false;
  };
  const timer = setInterval(() => {
    // In the background it would write into what the person does meanwhile.
    if (figures === undefined || !isInForeground()) return;
    const seconds = (clockMs() - start) / 1000;
    tryWrite(CLEAR + formatProgress({ ...figures, total, seconds }, columns() - 1));
    isShown = true;
  }, INTERVAL_MS);
  return {
    update(now) {
      figures = { ...now };
    },
    clear,
    end() {
      clearInterval(timer);
      clear();
    },
  };
}

function isInForeground(): boolean {
  const self = readProcess('self');
  return self !== undefined && self.foreground === self.group;
}

function tryWrite(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // The terminal is gone, or takes nothing now.
  }
}
