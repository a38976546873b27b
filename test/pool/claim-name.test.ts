import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatClaimName,
  isHandedOver,
  isReturning,
  nameHandedOver,
  nameHeld,
  nameReturning,
  parseClaimName,
} from '../../src/pool/claim-name.js';
import type { ProcessId } from '../../src/process/process-table.js';

const parse = (text: string) => parseClaimName(text) ?? expect.fail(`'${text}' is no claim's name`);

describe("a claim's name", () => {
  const number = fc.nat().map(String);
  const process = fc.tuple(number, number).map(([pid, start]) => `${pid}.${start}` as ProcessId);
  const optional = { nil: undefined };
  const anyName = fc.record({
    holder: process,
    former: fc.option(process, optional),
    number: fc.option(number, optional),
    namespace: fc.option(number, optional),
    returner: fc.option(process, optional),
  });

  it('is parsed into what it was formatted from', () =>
    fc.assert(fc.property(anyName, (name) => void expect(parseClaimName(formatClaimName(name))).toEqual(name))));

  it('is formatted into what it was parsed from', () =>
    fc.assert(
      fc.property(
        fc.stringMatching(/^\d+\.\d+(-\d+\.\d+)?(_\d+)?(@\d+)?(~\d+\.\d+)?$/),
        (text) => void expect(formatClaimName(parse(text))).toBe(text),
      ),
    ));

  it.each([
    ['1.2', '1.2', undefined, undefined, undefined, undefined],
    ['1.2_8', '1.2', undefined, '8', undefined, undefined],
    ['1.2-3.4', '1.2', '3.4', undefined, undefined, undefined],
    ['1.2@5', '1.2', undefined, undefined, '5', undefined],
    ['1.2~6.7', '1.2', undefined, undefined, undefined, '6.7'],
    ['1.2-3.4_8@5~6.7', '1.2', '3.4', '8', '5', '6.7'],
  ])('%s is holder %s, former %s, number %s, namespace %s, returner %s', (text, ...parts) =>
    expect(parseClaimName(text)).toEqual(
      Object.fromEntries(
        ['holder', 'former', 'number', 'namespace', 'returner'].map((key, index) => [key, parts[index]]),
      ),
    ),
  );

  it.each([
    '',
    '1',
    '1.',
    '.1',
    '1.2-',
    '1.2-3',
    '1.2~',
    '1.2@',
    '1.2@3-4.5',
    '1.2~3.4-5.6',
    '1.2-3.4-5.6',
    '-1.2',
    '1.2_',
    '1.2_3-4.5',
    '1.2@3_4',
  ])('%o is none', (text) => expect(parseClaimName(text)).toBeUndefined());

  it.each([' 1.2', '1.2 ', '1.2\n', '../1.2', '1.2/1.2', '1.2+3.4', '1,2', '1.2.3'])('%o is none', (text) =>
    expect(parseClaimName(text)).toBeUndefined(),
  );
});

describe('a claim', () => {
  it.each([
    ['1.2', false, false],
    ['1.2-3.4', true, false],
    ['1.2@5', false, false],
    ['1.2~6.7', false, true],
    ['1.2-3.4@5~6.7', true, true],
  ])('%s: handed over %o, returning %o', (text, handedOver, returning) => {
    expect(isHandedOver(parse(text))).toBe(handedOver);
    expect(isReturning(parse(text))).toBe(returning);
  });

  it.each([
    ['1.2', '8.9-1.2'],
    ['1.2@5', '8.9-1.2@5'],
    // Whoever took the slots stays known.
    ['1.2-3.4@5', '8.9-3.4@5'],
    ['1.2-3.4~6.7', '8.9-3.4'],
    ['1.2_7@5', '8.9-1.2_7@5'],
    ['1.2-3.4_7', '8.9-3.4_7'],
  ])('%s is handed over to 8.9 as %s', (text, expected) => expect(nameHandedOver(parse(text), '8.9')).toBe(expected));

  it.each([
    ['1.2', '1.2~8.9'],
    ['1.2-3.4@5', '1.2-3.4@5~8.9'],
    // Its first returner died.
    ['1.2~6.7', '1.2~8.9'],
  ])('%s is returned by 8.9 as %s', (text, expected) => expect(nameReturning(parse(text), '8.9')).toBe(expected));

  it.each([
    ['1.2-3.4@5~6.7', '1.2-3.4@5'],
    ['1.2', '1.2'],
  ])('%s is held as %s', (text, expected) => expect(nameHeld(parse(text))).toBe(expected));
});
