/**
 * Overrides what two signals do to a Node program. Must be called before anything else. At SIGUSR1 Node opens its debugger on a
 * port that all users of the machine can reach. SIGXFSZ would end us in the middle of a write, without a message; with a handler
 * the write fails, and the failure can be reported.
 */
export function overrideNodeSignals(): void {
  for (const signal of ['SIGUSR1', 'SIGXFSZ']) process.on(signal, () => {});
}

/** Returns the options of Node that keep its debugger closed from the start, if this version has them. */
export function debuggerOptions(): string[] {
  return ['--disable-sigusr1'].filter((option) => process.allowedNodeEnvironmentFlags.has(option));
}
