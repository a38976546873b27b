/**
 * Keeps SIGUSR1 from what Node does at it: it opens its debugger on a port that all users of the machine can reach. To be
 * called before anything else.
 */
export function keepDebuggerOut(): void {
  process.on('SIGUSR1', () => {});
}

/** The options of Node that keep it out from the start, if this version has them. */
export function debuggerOptions(): string[] {
  return ['--disable-sigusr1'].filter((option) => process.allowedNodeEnvironmentFlags.has(option));
}
