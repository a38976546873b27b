import { cannot, isExhausted } from '../errors.js';

/** Returns what `look` finds, or `otherwise` if the process has ended or is hidden. */
export function lookAt<T>(path: string, otherwise: T, look: (path: string) => T): T {
  try {
    return look(path);
  } catch (error) {
    // If no descriptor is left to look with, a living process must not count as dead. Of ourselves we know that we live.
    if (isExhausted(error) && !path.startsWith('/proc/self/')) throw cannot('read', path, error);
    return otherwise;
  }
}
