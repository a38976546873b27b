import { readSync } from 'node:fs';
import { closeOutputFiles, sizeOf } from './output-files.js';
import { type PrintedJob, type Printing, printJson, printText, type Stream, startPrinting } from './print-job.js';
import { writeAll } from './write-all.js';

/** How the output of jobs is printed. */
export interface PrintOptions {
  /** Whether in the order of the items, not in the order in which the jobs end. */
  keepOrder: boolean;
  /** Whether whole lines are printed while their job runs. */
  byLine: boolean;
  /** Called before something is printed. */
  beforePrint?: (() => void) | undefined;
}

/** Prints what jobs wrote, one after the other, however slowly that is read. */
export interface Printer {
  /** Must be called before a job starts, in the order of the items. */
  begin(job: PrintedJob): void;
  /** Must be called when a job has ended and will not run again; its files are closed then. */
  end(job: PrintedJob): void;
  /** Must be called instead when a job has ended that will run again: what it wrote is not printed. */
  drop(job: PrintedJob): void;
  /** Returns whether more jobs may be started, or so much is to be printed that this has to wait. */
  hasRoom(): boolean;
  /** Prints all that is left, in any case in order, and returns when that is done. @throws as writeAll() */
  finish(): Promise<void>;
}

/** What has at most so many bytes is kept in memory until it can be printed, so that few files are open; of all jobs together. */
const SMALL_BYTES = 16_384;
const MEMORY_BYTES = 16 * 1024 * 1024;

/** How many jobs that have ended may wait to be printed: those with files, and all. */
const MOST_WITH_FILES = 200;
const MOST_WAITING = 100_000;

/** How often is looked for new lines. */
const LINES_INTERVAL_MS = 50;

interface Entry extends Printing {
  hasEnded: boolean;
}

/** @param onChange is called when there may be room again; with an error if nothing can be printed any more */
export function makePrinter(
  { keepOrder, byLine, beforePrint }: PrintOptions,
  onChange: (error?: unknown) => void,
): Printer {
  /** Those that run or wait, by number. */
  const entries = new Map<number, Entry>();
  /** The numbers of the jobs that were started and whose output is not printed yet, in order; a job that runs again keeps its place. */
  const order = new Set<number>();
  /** Those that have ended and are to be printed. */
  const waiting = new Set<Entry>();
  let memory = 0;
  let withFiles = 0;
  let failure: { error: unknown } | undefined;
  let isPrinting: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const write = async (stream: Stream, bytes: Uint8Array) => {
    beforePrint?.();
    await writeAll(stream === 'stdout' ? 1 : 2, bytes);
  };

  const close = (entry: Entry) => {
    if (entry.kept !== undefined) memory -= entry.kept.stdout.length + entry.kept.stderr.length;
    else if (entry.job.files !== undefined) {
      closeOutputFiles(entry.job.files);
      withFiles--;
    }
    entries.delete(entry.job.number);
    order.delete(entry.job.number);
    waiting.delete(entry);
  };

  const printEntry = (entry: Entry) =>
    entry.job.record === undefined ? printText(entry, false, write) : printJson(entry, write);

  /** Returns the entry that is to be printed next. */
  const choose = (): Entry | undefined => {
    if (!keepOrder) {
      const [first] = waiting;
      return first;
    }
    const [first = 0] = order;
    const entry = entries.get(first);
    return entry?.hasEnded === true ? entry : undefined;
  };

  const printAll = async () => {
    for (let entry = choose(); entry !== undefined; entry = choose()) {
      await printEntry(entry);
      close(entry);
      onChange();
    }
    if (!byLine) return;
    const [first = 0] = order;
    for (const entry of entries.values())
      if (!entry.hasEnded && (!keepOrder || entry.job.number === first)) await printText(entry, true, write);
  };

  const go = () => {
    if (isPrinting !== undefined || failure !== undefined) return;
    isPrinting = printAll().then(
      () => {
        isPrinting = undefined;
        // One may have ended just after the last look.
        if (choose() !== undefined) go();
      },
      (error: unknown) => {
        isPrinting = undefined;
        failure = { error };
        onChange(error);
      },
    );
  };

  return {
    begin(job) {
      order.add(job.number);
      entries.set(job.number, { ...startPrinting(job), hasEnded: false });
      if (byLine) timer ??= setInterval(go, LINES_INTERVAL_MS);
    },
    end(job) {
      const entry = entries.get(job.number);
      if (entry === undefined) return;
      entry.job = job;
      entry.hasEnded = true;
      const { files } = job;
      if (files === undefined) return close(entry);
      withFiles++;
      const [out, err] = [sizeOf(files.stdout), sizeOf(files.stderr)];
      const size = out + err;
      // While lines are printed, somebody reads from the files.
      if (!byLine && size <= SMALL_BYTES && memory + size <= MEMORY_BYTES) {
        entry.kept = { stdout: readWhole(files.stdout, out), stderr: readWhole(files.stderr, err) };
        memory += size;
        closeOutputFiles(files);
        withFiles--;
        // Most jobs print nothing.
        if (size === 0 && job.record === undefined && !keepOrder) return close(entry);
      }
      waiting.add(entry);
      go();
    },
    drop(job) {
      const { files } = job;
      const closeFiles = () => files && closeOutputFiles(files);
      entries.delete(job.number);
      if (isPrinting === undefined) closeFiles();
      else isPrinting.then(closeFiles, closeFiles);
    },
    hasRoom: () => withFiles < MOST_WITH_FILES && waiting.size < MOST_WAITING,
    async finish() {
      clearInterval(timer);
      while (isPrinting !== undefined) await isPrinting;
      if (failure === undefined) {
        const rest = [...waiting].sort((one, other) => (keepOrder ? one.job.number - other.job.number : 0));
        for (const entry of rest) {
          await printEntry(entry);
          close(entry);
        }
      }
      if (failure !== undefined) throw failure.error;
    },
  };
}

function readWhole(fd: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (size > 0) readSync(fd, bytes, 0, size, 0);
  return bytes;
}
