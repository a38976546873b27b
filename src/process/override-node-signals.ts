/**
 * Takes from two signals what they do to a Node program; to be called before anything else. At SIGUSR1 it opens its debugger
 * on a port that all users of the machine can reach. By SIGXFSZ it would end in the middle of what it writes, without a word;
 * with a handler the write fails, and can be told of.
 */
export function disarmSignals(): void {
  for (const signal of ['SIGUSR1', 'SIGXFSZ']) process.on(signal, () => {});
}

/** The options of Node that keep its debugger out from the start, if this version has them. */
export function debuggerOptions(): string[] {
  return ['--disable-sigusr1'].filter((option) => process.allowedNodeEnvironmentFlags.has(option));
}
