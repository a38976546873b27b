import { type ProcessEntry, readProcess, selfAtStart } from './process-table.js';
import type { Running } from './run-program.js';
import { makeWitness } from './signal-witness.js';

/** The signals that a person or a build system sends to a job. They end a wait. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Those of them that are meant to end it, and so end a command that runs many jobs. */
const ENDING: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'];

/** Those that matter to a job only. */
const JOB_SIGNALS = ['SIGCONT', 'SIGPIPE'] as const;

/** Those that a terminal sends, to its whole foreground process group (termios(3)). */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP'];

/** How long a job runs before its witness is started, which takes about as long as a small job runs. */
const WITNESS_DELAY_MS = 50;

/** Time in which a signal that was sent to our group has certainly reached us. */
const DELIVERY_MS = 20;

/** A signal that ends a wait. An AbortSignal would take half a millisecond of every start. */
export interface Interrupt {
  /** The first signal that came. */
  signal: NodeJS.Signals | undefined;
  /** Called when one comes. */
  onSignal: ((signal: NodeJS.Signals) => void) | undefined;
}

/** The signals while a job waits and runs; made by watchSignals(). */
export interface SignalWatch {
  /** Set by a signal that comes before forwardTo() is called, or that ends all jobs if there are many. */
  interrupt: Interrupt;
  /** Passes on to the job, until it ends, what it does not get by itself. */
  forwardTo(job: Running): void;
  /** Must be called when the job has ended and its slot is back. */
  endJob(): Promise<void>;
  /** Restores the default actions of the signals. */
  stop(): void;
}

/**
 * Takes over the signals of this process. A job shares our process group and terminal, so a signal to the group reaches it without
 * us; passing that on would send it twice.
 * @param forMany whether there are many jobs, which come and go. Then TSTP and CONT, which a terminal sends to all of them, are
 *   left alone, and PIPE, which is about our own output.
 */
export function watchSignals(forMany = false): SignalWatch {
  const hadTerminal = selfAtStart().terminal !== 0;
  const witness = makeWitness();
  const interrupt: Interrupt = { signal: undefined, onSignal: undefined };
  /** The jobs that run, and whether a signal that shows up now can have been sent before the job was there. */
  const jobs = new Map<Running, { early: boolean }>();
  let turns = 0;
  let timer: NodeJS.Timeout | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    if (forMany ? ENDING.includes(signal) : jobs.size === 0) {
      interrupt.signal ??= signal;
      interrupt.onSignal?.(signal);
    }
    let answer: Promise<boolean | undefined> | undefined;
    const saw = () => {
      answer ??= witness.saw(signal);
      return answer;
    };
    for (const [job, { early }] of jobs) {
      if (early) job.kill(signal);
      else void passOn(signal, job, saw);
    }
  };
  const passOn = async (signal: NodeJS.Signals, { pid, kill }: Running, saw: Answer) => {
    const turn = signal === 'SIGTSTP' || signal === 'SIGCONT' ? ++turns : undefined;
    const reached = await hasReached(signal, pid, saw);
    // If ^Z came just after, the job has stopped before we get it.
    if (signal === 'SIGCONT' && !reached) await new Promise((resolve) => setTimeout(resolve, DELIVERY_MS));
    // As in the kernel, the later of a stop and a continue cancels the other (signal(7)).
    if (turn !== undefined && turn !== turns) return;
    if (!reached) kill(signal);
    if (signal === 'SIGTSTP') stopSelf();
  };
  /** Finds out whether the job gets without us the signal that came to us. */
  const hasReached = async (signal: NodeJS.Signals, pid: number, saw: Answer): Promise<boolean> => {
    const both = lookAtBoth(pid);
    // A signal that comes twice does less harm than a lost one.
    if (both === undefined) return (await saw()) ?? false;
    const { child, self } = both;
    if (child === undefined) return true;
    // timeout(1) and interactive shells make a process group of their own.
    if (child.group !== self.group) return false;
    return (await saw()) ?? guess(signal, child, self, hadTerminal);
  };
  const stopSelf = () => {
    process.removeListener('SIGTSTP', onSignal);
    // It returns when we are continued; at once if nobody can do that (an orphaned process group).
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', onSignal);
  };

  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    interrupt,
    forwardTo(job) {
      const state = { early: true };
      jobs.set(job, state);
      const forget = () => jobs.delete(job);
      job.ended.then(forget, forget);
      // A signal that shows up in this turn of the event loop was sent before the job was there, so the job did not get it.
      setImmediate(() => {
        state.early = false;
      });
      if (timer !== undefined) return;
      timer = setTimeout(() => {
        // If ^Z stops what is to become the witness before its exec, we wait for that exec and no handler of ours runs. So
        // the default action has to stop us, too, until then.
        witness.start();
        if (!forMany) process.on('SIGTSTP', onSignal);
      }, WITNESS_DELAY_MS);
      if (forMany) return;
      setImmediate(() => {
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

/** Asks the witness, once for each signal, whether the signal was sent to the whole group. */
type Answer = () => Promise<boolean | undefined>;

/** Looks at the job, if it has not ended, and at us; undefined if the system has too little left to look. */
function lookAtBoth(pid: number): { child: ProcessEntry | undefined; self: ProcessEntry } | undefined {
  try {
    const self = readProcess('self');
    return self && { child: readProcess(pid), self };
  } catch {
    return undefined;
  }
}

/** Guesses without a witness whether a signal was sent to the whole group. */
function guess(signal: NodeJS.Signals, child: ProcessEntry, self: ProcessEntry, hadTerminal: boolean): boolean {
  if (signal === 'SIGCONT') return child.state !== 'T';
  if (signal === 'SIGTSTP' && child.state === 'T') return true;
  // After a hangup the terminal is no longer ours when its SIGHUP comes.
  if (signal === 'SIGHUP') return hadTerminal && self.terminal === 0;
  // In the foreground of a terminal it nearly always was a key.
  return FROM_TERMINAL.includes(signal) && self.terminal !== 0 && self.foreground === self.group;
}
