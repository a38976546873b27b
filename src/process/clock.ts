/** Returns the milliseconds of a clock that nobody sets. Unlike performance.now() it loads nothing. */
export function clockMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
