import { type Files, repeat } from './files.js';

const DIRECTORIES = ['lex', 'parse', 'solve', 'write'];
const UNITS = 4;

/** Functions whose inner switch keeps gcc -O2 busy for about 14 ms each; nothing includes anything. */
export function cUnit(name: string, functions: number): string {
  return repeat(
    functions,
    (i) => `double ${name}_${i}(const double *a, int n) {
  double sum = ${i}, last = 1;
  for (int k = 0; k < n; k++) {
    switch ((int)a[k] % 9) {
      case 0: sum += a[k] * last; break;
      case 1: sum -= a[k] / (last + ${i}); break;
      case 2: for (int j = k; j < n; j++) sum += a[j] * a[k]; break;
      case 3: last = sum * a[n - 1 - k]; break;
      case 4: for (int j = 0; j < k; j++) last += a[j] - a[k] * ${i + 2}; break;
      default: sum += last + k; break;
    }
    if (sum > 1e9) sum = last * ${i + 1}; else last = sum - a[k];
  }
  return sum + last;
}
`,
  );
}

/** The tree of the plain make: work/cc/DIRECTORY/UNIT.c, and a main.c that calls into each. */
export function cTree(): Files {
  const files: Files = {};
  for (const directory of DIRECTORIES) {
    for (let unit = 1; unit <= UNITS; unit++) {
      files[`cc/${directory}/${directory}${unit}.c`] = cUnit(`${directory}${unit}`, 26);
    }
  }
  const first = DIRECTORIES.map((directory) => `${directory}1_0`);
  files['cc/main.c'] = [
    ...first.map((name) => `double ${name}(const double *a, int n);`),
    'int main(void) {',
    '  double a[] = {1, 2, 3};',
    `  return ${first.map((name) => `${name}(a, 3)`).join(' + ')} > 1e9;`,
    '}',
    '',
  ].join('\n');
  return files;
}
