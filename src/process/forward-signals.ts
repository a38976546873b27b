import { type ProcessEntry, readProcess, selfAtStart } from './process-table.js';
import type { Running } from './run-program.js';
import { makeWitness } from './signal-witness.js';

/** The signals that a person or a build system sends to end a job or to tell it something. They end a wait. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Those that are for a job only. */
const JOB_SIGNALS = ['SIGCONT', 'SIGPIPE'] as const;

/** Those that a terminal sends, always to its whole foreground process group (termios(3)). */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP'];

/** Milliseconds that a job runs before it gets a witness, which takes about as long to start as a small job runs. */
const WITNESS_AFTER = 50;

/** Milliseconds in which a signal to the group has come to us too. */
const MOMENT = 20;

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
  /** Passes on to the job what it does not get by itself. */
  forwardTo(job: Running): void;
  /** To be called when the job has ended and its slot is back. */
  endJob(): Promise<void>;
  /** Lets the signals do again what they do by themselves. */
  stop(): void;
}

/**
 * Takes over the signals of this process. A job shares our process group and terminal, so that what is sent to the group
 * reaches it without us; passing it on would send it twice.
 */
export function watchSignals(): SignalWatch {
  const hadTerminal = selfAtStart().terminal !== 0;
  const witness = makeWitness();
  const interrupt: Interrupt = { signal: undefined, onSignal: undefined };
  let job: Running | undefined;
  let early = true;
  let turns = 0;
  let timer: NodeJS.Timeout | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    if (job === undefined) {
      interrupt.signal ??= signal;
      interrupt.onSignal?.(signal);
    } else if (early) job.kill(signal);
    else void passOn(signal, job);
  };
  const passOn = async (signal: NodeJS.Signals, { pid, kill }: Running) => {
    const turn = signal === 'SIGTSTP' || signal === 'SIGCONT' ? ++turns : undefined;
    const reached = await hasReached(signal, pid);
    // Where ^Z came just after, that shows in the job before it comes to us.
    if (signal === 'SIGCONT' && !reached) await new Promise((resolve) => setTimeout(resolve, MOMENT));
    // As in the kernel, the later of a stop and a continue takes the other back (signal(7)).
    if (turn !== undefined && turn !== turns) return;
    if (!reached) kill(signal);
    if (signal === 'SIGTSTP') stopSelf();
  };
  /** @returns whether the job gets without us what came to us */
  const hasReached = async (signal: NodeJS.Signals, pid: number): Promise<boolean> => {
    const both = lookAtBoth(pid);
    // A signal that comes twice does less harm than one that is lost.
    if (both === undefined) return (await witness.saw(signal)) ?? false;
    const { child, self } = both;
    if (child === undefined) return true;
    // timeout(1) and interactive shells make a group of their own.
    if (child.group !== self.group) return false;
    return (await witness.saw(signal)) ?? guess(signal, child, self, hadTerminal);
  };
  const stopSelf = () => {
    process.removeListener('SIGTSTP', onSignal);
    // It returns when we are continued; at once where nobody is there to do that (an orphaned process group).
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', onSignal);
  };

  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    interrupt,
    forwardTo(to) {
      job = to;
      timer = setTimeout(() => {
        // Where ^Z stops what is to be the witness before its exec, we wait for that and no handler of ours runs: so long,
        // the default action has to stop us too.
        witness.start();
        process.on('SIGTSTP', onSignal);
      }, WITNESS_AFTER);
      // What comes to light in this turn was sent before the job was there, so that it did not get it.
      setImmediate(() => {
        early = false;
        for (const signal of JOB_SIGNALS) process.on(signal, onSignal);
      });
    },
    endJob() {
      clearTimeout(timer);
      return witness.end();
    },
    stop() {
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    },
  };
}

/** @returns the job, if it has not ended, and us; undefined if the system has too little left to look */
function lookAtBoth(pid: number): { child: ProcessEntry | undefined; self: ProcessEntry } | undefined {
  try {
    const self = readProcess('self');
    return self && { child: readProcess(pid), self };
  } catch {
    return undefined;
  }
}

/** @returns whether a signal came to the whole group, as far as one can tell without a witness */
function guess(signal: NodeJS.Signals, child: ProcessEntry, self: ProcessEntry, hadTerminal: boolean): boolean {
  if (signal === 'SIGCONT') return child.state !== 'T';
  if (signal === 'SIGTSTP' && child.state === 'T') return true;
  // A terminal that hangs up is no longer ours when its SIGHUP comes.
  if (signal === 'SIGHUP') return hadTerminal && self.terminal === 0;
  // In the foreground of a terminal it was a key nearly always.
  return FROM_TERMINAL.includes(signal) && self.terminal !== 0 && self.foreground === self.group;
}
