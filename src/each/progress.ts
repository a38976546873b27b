/** What a progress line says. */
export interface ProgressFigures {
  done: number;
  /** Undefined if it is not known yet. */
  total: number | undefined;
  running: number;
  /** Whether the next job waits for its slots. */
  isWaiting: boolean;
  failed: number;
  seconds: number;
}

/** Writes a progress line of at most so many characters; what does not fit whole is left out. */
export function formatProgress(
  { done, total, running, isWaiting, failed, seconds }: ProgressFigures,
  columns: number,
): string {
  const parts = [
    total === undefined ? `${done} done` : `${done}/${total} done`,
    `${running} running`,
    ...(isWaiting ? ['waiting for slots'] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(total !== undefined && done > 0 && done < total
      ? [`ETA ${formatTime((seconds / done) * (total - done))}`]
      : []),
  ];
  while (parts.length > 1 && parts.join(', ').length > columns) parts.pop();
  return parts.join(', ').slice(0, Math.max(0, columns));
}

/** Writes a time as `59s`, `1:05` or `1:00:00`. */
function formatTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
