import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readItems } from '../../src/each/read-items.js';

type Options = Partial<Parameters<typeof readItems>[1]>;

/** Reads all items of chunks of bytes; an error that ends them is the last. */
async function read(chunks: readonly (string | Buffer)[], options: Options = {}): Promise<unknown[]> {
  const bytes = chunks.map((chunk) => Buffer.from(chunk as string)).filter(({ length }) => length > 0);
  return collect(Readable.from(bytes, { objectMode: true }), options);
}

async function collect(source: Readable | readonly string[], options: Options = {}): Promise<unknown[]> {
  const jobs: unknown[] = [];
  try {
    for await (const items of readItems(source, { separator: '\n', perJob: 1, ...options })) jobs.push(items);
  } catch (error) {
    jobs.push(error instanceof Error ? `${error.name}: ${error.message}` : error);
  }
  return jobs;
}

const LONGEST = 'x'.repeat(131_071);
const NO_UTF8 = Buffer.from([0xff]);
const refuse = (item: number, why: string) => `JobserverError: cannot pass on item ${item}: ${why}`;

describe('the items of a stream', () => {
  test.each([
    [[], []],
    [['a'], [['a']]],
    [['a\n'], [['a']]],
    [['a\nb'], [['a'], ['b']]],
    [['\n'], [['']]],
    [['a\n\nb\n'], [['a'], [''], ['b']]],
    [['\n\n'], [[''], ['']]],
    [['  c  d \n'], [['  c  d ']]],
    [['a\r\n'], [['a\r']]],
    [
      ['a', 'b', '\nc', '\n', 'd'],
      [['ab'], ['c'], ['d']],
    ],
    [
      ['a\n', '\n', '\n'],
      [['a'], [''], ['']],
    ],
    [['\ufeffa\n'], [['\ufeffa']]],
    [['\ufffd\n'], [['\ufffd']]],
    [[Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])], [['ä']]],
  ] as [(string | Buffer)[], string[][]][])('%j are %j', async (chunks, jobs) =>
    expect(await read(chunks)).toEqual(jobs),
  );

  test('end with a null character if that is asked for, and have line breaks then', async () =>
    expect(await read(['a\0b\n\0\0c'], { separator: '\0' })).toEqual([['a'], ['b\n'], [''], ['c']]));

  test('come in groups, the last of which has what is left', async () => {
    expect(await read(['a\nb', 'c\nd\n'], { perJob: 2 })).toEqual([['a', 'bc'], ['d']]);
    expect(await read(['a\nb\n'], { perJob: 2 })).toEqual([['a', 'b']]);
    expect(await read(['a\nb\n'], { perJob: 1000 })).toEqual([['a', 'b']]);
  });

  test('are the same however the stream is cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', ' ', 'ä', '€', '😀', '\r'), maxLength: 4 })),
        fc.array(fc.nat({ max: 40 })),
        async (items, cuts) => {
          const bytes = Buffer.from(items.map((item) => `${item}\n`).join(''));
          const places = [0, ...cuts.sort((one, other) => one - other), bytes.length];
          const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          expect(await read(chunks)).toEqual(items.map((item) => [item]));
        },
      ),
    ));
});

describe('an item that no program can be given ends them, after those before it', () => {
  test.each([
    ['not UTF-8', [Buffer.concat([Buffer.from('a\nb\nc'), NO_UTF8, Buffer.from('\nd\n')])], ['a', 'b'], 3],
    ['not UTF-8 at the end', ['a\n', NO_UTF8], ['a'], 2],
    ['half a character', ['a\n', Buffer.from([0xc3]), '\n', 'b'], ['a'], 2],
  ] as [string, (string | Buffer)[], string[], number][])('%s', async (_, chunks, before, item) =>
    expect(await read(chunks)).toEqual([...before.map((word) => [word]), refuse(item, 'it is not valid UTF-8')]),
  );

  test('a null character', async () => {
    const why = 'it contains a null character, which ends items only with -0';
    expect(await read(['a\nb\0c\nd'])).toEqual([['a'], refuse(2, why)]);
  });

  test.each([
    ['', LONGEST, true],
    ['', `${LONGEST}x`, false],
    ['of two bytes each', 'ä'.repeat(65_536), false],
    ['that has no end', `${LONGEST}x`.repeat(3), false],
  ])('too many characters %s', async (_, item, isRight) => {
    const refused = refuse(2, 'it is longer than 131071 bytes');
    for (const chunks of [[`a\n${item}\nb`], ['a\n', item.slice(0, 1000), item.slice(1000), '\nb']])
      expect(await read(chunks)).toEqual(isRight ? [['a'], [item], ['b']] : [['a'], refused]);
    expect(await collect(['a', item, 'b'])).toEqual(isRight ? [['a'], [item], ['b']] : [['a'], refused]);
  });
});

test('a stream that cannot be read is no fault of the program', async () => {
  const { open } = await import('node:fs/promises');
  const folder = await open('/');
  expect(await collect(folder.createReadStream())).toEqual([
    'JobserverError: cannot read the items: Illegal operation on a directory',
  ]);
});

test('no more is read than one chunk and what the stream holds ready', async () => {
  let read = 0;
  let isDestroyed = false;
  const chunk = Buffer.from('item\n'.repeat(100));
  const source = new Readable({
    highWaterMark: 2 * chunk.length,
    read() {
      read++;
      this.push(chunk);
    },
    destroy(error, callback) {
      isDestroyed = true;
      callback(error);
    },
  });
  const items = readItems(source, { separator: '\n', perJob: 1 });
  for (let taken = 1; taken <= 2000; taken++) {
    expect((await items.next()).value).toEqual(['item']);
    // Two that it holds ready, the one that is split, and one that it may read while it hands that over.
    expect(read).toBeLessThanOrEqual(Math.ceil(taken / 100) + 4);
  }
  await items.return(undefined);
  expect(isDestroyed).toBe(true);
});
