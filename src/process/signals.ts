import { readProcess, selfAtStart } from './process-table.js';

/** The signals that a person or a build system sends to end a job or to tell it something. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Those that a terminal sends, always to its whole foreground process group (termios(3)). */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** A signal that ends a wait. It is less than an AbortSignal, which takes half a millisecond of every start. */
export interface Interrupt {
  /** The signal that came. */
  signal: NodeJS.Signals | undefined;
  /** Called when one comes. */
  onSignal: ((signal: NodeJS.Signals) => void) | undefined;
}

/** What becomes of signals while a job waits and runs; made by watchSignals(). */
export interface SignalWatch {
  /** Tells of a signal that comes before forwardTo() is called. */
  interrupt: Interrupt;
  /** Passes on to `send` what the job does not get by itself. */
  forwardTo(send: (signal: NodeJS.Signals) => void): void;
  /** Lets the signals do again what they do by themselves. */
  stop(): void;
}

/**
 * Takes over the signals of this process. A job shares our process group and terminal, so that what the terminal sends
 * reaches it without us; passing it on would send it twice.
 */
export function watchSignals(): SignalWatch {
  const hadTerminal = selfAtStart().terminal !== 0;
  const interrupt: Interrupt = { signal: undefined, onSignal: undefined };
  let send: ((signal: NodeJS.Signals) => void) | undefined;
  let early = true;
  const onSignal = (signal: NodeJS.Signals) => {
    if (send === undefined) {
      interrupt.signal ??= signal;
      interrupt.onSignal?.(signal);
    } else if (early || !cameFromTerminal(signal, hadTerminal)) send(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    interrupt,
    forwardTo(to) {
      send = to;
      // What comes to light in this turn was sent before the job was there, so that it did not get it.
      setImmediate(() => {
        early = false;
      });
    },
    stop() {
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    },
  };
}

function cameFromTerminal(signal: NodeJS.Signals, hadTerminal: boolean): boolean {
  const self = readProcess('self');
  if (self === undefined) return false;
  // A terminal that hangs up is no longer ours when its SIGHUP comes.
  if (signal === 'SIGHUP') return hadTerminal && self.terminal === 0;
  // Who sent a signal is hidden from a Node program. In the foreground of a terminal it was ^C or ^\\ nearly always.
  return FROM_TERMINAL.includes(signal) && self.terminal !== 0 && self.foreground === self.group;
}
