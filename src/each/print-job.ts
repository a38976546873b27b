import { readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { type OutputFiles, sizeOf } from './output-files.js';

const STREAMS = ['stdout', 'stderr'] as const;

export type Stream = (typeof STREAMS)[number];

/** A job whose output is to be printed. */
export interface PrintedJob {
  /** Its place among the items, from 1. */
  number: number;
  /** Undefined if it writes to our own output. */
  files: OutputFiles | undefined;
  /** What stands before each line of its output. */
  tag: string;
  /** Set when it has ended, if a line of JSON is to be printed: what stands in that beside the output. */
  record?: object | undefined;
}

/** How far the output of a job is printed. */
export interface Printing {
  job: PrintedJob;
  /** Set when what it wrote is kept in memory. */
  kept: Readonly<Record<Stream, Buffer>> | undefined;
  /** How much of each stream has been printed, and whether that was whole lines. */
  printed: Record<Stream, { bytes: number; atLineStart: boolean }>;
}

/** Writes bytes, and returns when they may be overwritten. */
type Write = (stream: Stream, bytes: Uint8Array) => Promise<void>;

/** What a job wrote to one stream. */
interface Source {
  size: number;
  read(buffer: Uint8Array, position: number): number;
}

/** As much is read and written at a time. */
const CHUNK_BYTES = 65_536;

const NEWLINE = 10;

export const startPrinting = (job: PrintedJob): Printing => ({
  job,
  kept: undefined,
  printed: { stdout: { bytes: 0, atLineStart: true }, stderr: { bytes: 0, atLineStart: true } },
});

function openSource({ job, kept }: Printing, stream: Stream): Source | undefined {
  const bytes = kept?.[stream];
  if (bytes !== undefined)
    return { size: bytes.length, read: (to, position) => bytes.copy(to, 0, position, position + to.length) };
  const fd = job.files?.[stream];
  return fd === undefined
    ? undefined
    : { size: sizeOf(fd), read: (to, position) => readSync(fd, to, 0, to.length, position) };
}

/**
 * Prints what is there and was not printed yet, as the job wrote it or with its tag.
 * @param wholeLines whether the rest of a line stays for later
 */
export async function printText(printing: Printing, wholeLines: boolean, write: Write): Promise<void> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (const stream of STREAMS) {
    const source = openSource(printing, stream);
    const state = printing.printed[stream];
    while (source !== undefined && state.bytes < source.size) {
      const count = source.read(buffer.subarray(0, Math.min(CHUNK_BYTES, source.size - state.bytes)), state.bytes);
      const isLast = count === 0 || state.bytes + count >= source.size;
      const end = wholeLines && isLast ? buffer.lastIndexOf(NEWLINE, count - 1) + 1 : count;
      if (count === 0 || end === 0) break;
      const bytes = buffer.subarray(0, end);
      state.bytes += end;
      const { tag } = printing.job;
      await write(stream, tag === '' ? bytes : addTag(bytes, tag, state.atLineStart));
      state.atLineStart = bytes[end - 1] === NEWLINE;
    }
  }
}

/** Prints a job's record as one line of JSON, with what it wrote as texts at its end. */
export async function printJson(printing: Printing, write: Write): Promise<void> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let text = JSON.stringify(printing.job.record).slice(0, -1);
  const add = (more: string) => {
    text += JSON.stringify(more).slice(1, -1);
  };
  for (const stream of STREAMS) {
    const source = openSource(printing, stream);
    const decoder = new StringDecoder('utf8');
    text += `,"${stream}":"`;
    for (let position = 0; source !== undefined && position < source.size; ) {
      const count = source.read(buffer, position);
      if (count === 0) break;
      position += count;
      add(decoder.write(buffer.subarray(0, count)));
      if (text.length < CHUNK_BYTES) continue;
      await write('stdout', Buffer.from(text));
      text = '';
    }
    add(decoder.end());
    text += '"';
  }
  await write('stdout', Buffer.from(`${text}}\n`));
}

/** Puts a tag before each line. @param atLineStart whether the bytes begin with a line */
function addTag(bytes: Buffer, tag: string, atLineStart: boolean): Buffer {
  const prefix = Buffer.from(tag);
  const parts: Buffer[] = atLineStart ? [prefix] : [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    parts.push(bytes.subarray(start, end + 1));
    start = end + 1;
    if (start < bytes.length) parts.push(prefix);
  }
  parts.push(bytes.subarray(start));
  return Buffer.concat(parts);
}
