import { isUtf8 } from 'node:buffer';
import { JobserverError, reasonOf } from '../errors.js';

/** How the items are read. */
export interface ReadOptions {
  separator: '\n' | '\0';
  /** How many items a job gets. */
  perJob: number;
}

/** The longest argument that Linux passes to a program: with the null character at its end, MAX_ARG_STRLEN of execve(2). */
const MAX_ITEM_BYTES = 131_071;

/**
 * Reads the items of one job after the other. No more is read of a stream than is needed: in memory are one chunk of it, what it
 *   holds ready itself, and one item.
 * @throws JobserverError 'failed', after all jobs before it, for an item that no program can be given; or if the stream cannot be read
 */
export async function* readItems(
  source: NodeJS.ReadableStream | readonly string[],
  { separator, perJob }: ReadOptions,
): AsyncGenerator<string[]> {
  let count = 0;
  let batch: string[] = [];
  for await (const items of isList(source) ? [source] : readLines(source, separator)) {
    for (const item of items) {
      count++;
      const fault = findFault(item);
      if (fault !== undefined) throw new JobserverError('failed', `cannot pass on item ${count}: ${fault}`);
      batch.push(typeof item === 'string' ? item : item.toString());
      if (batch.length < perJob) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

const isList = (source: NodeJS.ReadableStream | readonly string[]): source is readonly string[] =>
  Array.isArray(source);

/** Returns why an item cannot be an argument. */
function findFault(item: string | Buffer): string | undefined {
  // No character has more than three bytes for each unit of a text.
  const bytes = typeof item === 'string' && item.length <= MAX_ITEM_BYTES / 3 ? 0 : Buffer.byteLength(item);
  if (bytes > MAX_ITEM_BYTES) return `it is longer than ${MAX_ITEM_BYTES} bytes`;
  if (typeof item !== 'string' && !isUtf8(item)) return 'it is not valid UTF-8';
  return item.includes('\0') ? 'it contains a null character, which ends items only with -0' : undefined;
}

/** Reads what each chunk ends of items, as bytes if there may be one that is not UTF-8; the last item needs no separator. */
async function* readLines(
  stream: NodeJS.ReadableStream,
  separator: string,
): AsyncGenerator<readonly (string | Buffer)[]> {
  // No byte of a longer character of UTF-8 is one of the separators.
  const byte = separator.charCodeAt(0);
  // To decode all at once is several times as fast.
  const split = (bytes: Buffer) => (isUtf8(bytes) ? bytes.toString().split(separator) : splitBytes(bytes, byte));
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of readChunks(stream)) {
    const end = chunk.lastIndexOf(byte);
    if (end >= 0) {
      yield split(Buffer.concat([...rest, chunk.subarray(0, end)]));
      rest = [];
      restBytes = 0;
    }
    const left = chunk.subarray(end + 1);
    if (left.length > 0) rest.push(left);
    restBytes += left.length;
    // It may have no end.
    if (restBytes > MAX_ITEM_BYTES) break;
  }
  if (rest.length > 0) yield split(Buffer.concat(rest));
}

async function* readChunks(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
  } catch (error) {
    throw new JobserverError('failed', `cannot read the items: ${reasonOf(error)}`);
  }
}

function splitBytes(bytes: Buffer, separator: number): Buffer[] {
  const items: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, start)) {
    items.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...items, bytes.subarray(start)];
}
