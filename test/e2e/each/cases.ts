/** A behaviour of GNU parallel, and what js-each makes of the same command line. */
export interface Case {
  feature: string;
  /** For bash: EACH is `parallel` or `js-each`, EACH_SH is `parallel` or `js-each --shell`. */
  script: string;
  /** What GNU parallel prints on standard output, as one line with blanks for the line breaks. */
  prints: string;
  /** The exit status, by default 0. */
  status?: number;
  /** The same for xargs, which prints the same. */
  xargs?: string;
  /** What js-each does otherwise. */
  differs?: { prints?: string; status?: number; why: string };
}

const CHECKED_FIRST = 'a command that is not there is an error before any job';
const OWN_STATUS = 'its own errors have the status that those of js-run have';

/** `args` prints its arguments in brackets. */
export const CASES: readonly Case[] = [
  // Where the items come from.
  { feature: ':::', script: 'EACH -k args ::: a b', prints: '[a] [b]' },
  { feature: 'no items', script: 'EACH args :::', prints: '' },
  { feature: 'an empty item', script: "EACH -k args ::: '' a", prints: '[] [a]' },
  { feature: 'an item like an option', script: 'EACH -k args ::: -k --tag', prints: '[-k] [--tag]' },
  {
    feature: 'lines of standard input',
    script: "printf 'a\\nb' | EACH -k args",
    prints: '[a] [b]',
    xargs: "printf 'a\\nb' | xargs -d '\\n' -n 1 args",
  },
  { feature: 'no line', script: 'EACH args </dev/null', prints: '', xargs: 'xargs -r args </dev/null' },
  { feature: 'a lone line break', script: 'echo | EACH args', prints: '[]', xargs: "echo | xargs -d '\\n' args" },
  {
    feature: 'empty lines',
    script: "printf 'a\\n\\nb\\n\\n' | EACH -k args",
    prints: '[a] [] [b] []',
    xargs: "printf 'a\\n\\nb\\n\\n' | xargs -d '\\n' -n 1 args",
  },
  {
    feature: 'blanks and quotes',
    script: `printf '  a  b \\n"c"\\n' | EACH -k args`,
    prints: '[  a  b ] ["c"]',
    xargs: `printf '  a  b \\n"c"\\n' | xargs -d '\\n' -n 1 args`,
  },
  {
    feature: '-0',
    script: "printf 'a\\0b\\0\\0c' | EACH -k -0 args",
    prints: '[a] [b] [] [c]',
    xargs: "printf 'a\\0b\\0\\0c' | xargs -0 -n 1 args",
  },
  {
    feature: '-a FILE',
    script: 'seq 2 >f; EACH -k -a f args',
    prints: '[1] [2]',
    xargs: 'seq 2 >f; xargs -a f -n 1 args',
  },
  { feature: '-a -', script: 'seq 2 | EACH -k -a - args', prints: '[1] [2]' },
  {
    feature: 'several :::',
    script: 'EACH -k args ::: a ::: b c',
    prints: '[a][b] [a][c]',
    differs: { prints: '', status: 125, why: 'one source of items is possible' },
  },
  {
    feature: 'no command',
    script: "EACH -k ::: 'echo a' 'echo b'",
    prints: 'a b',
    differs: { prints: '', status: 125, why: 'sh -c {} does it' },
  },
  { feature: 'items as commands', script: "EACH -k -q sh -c {} ::: 'echo a' 'echo b | tr b c'", prints: 'a c' },
  {
    feature: 'a null character in a line',
    script: "printf 'a\\0b\\n' | EACH args",
    prints: '[a\\0b]',
    differs: { prints: '', status: 125, why: 'what cannot be passed on is refused' },
  },
  {
    feature: 'bytes that are not UTF-8',
    script: "set -o pipefail; printf 'a\\n\\377\\n' | EACH -k args | od -An -c | tr -d ' \\n'",
    prints: '[a]\\n[377]\\n',
    differs: { prints: '[a]\\n', status: 125, why: 'Node cannot pass them on' },
  },
  {
    feature: 'an item of 100,000 bytes',
    script: "set -o pipefail; head -c 100000 /dev/zero | tr '\\0' x | EACH args | wc -c",
    prints: '0',
    status: 255,
    differs: { prints: '100003', status: 0, why: 'the limit is that of the system for an argument' },
  },
  { feature: 'standard input of jobs', script: 'echo in | EACH -k args $(cat) ::: a', prints: '[in][a]' },
  {
    feature: 'standard input of jobs beside ::: is empty',
    script: 'echo in | EACH -k -j1 sh -c cat ::: 1 2',
    prints: '',
  },
  { feature: '--', script: 'EACH -k -- args -- ::: a', prints: '[--][a]' },

  // Replacement strings.
  {
    feature: '{}',
    script: 'EACH -k args {} x{}y {}{} ::: a b',
    prints: '[a][xay][aa] [b][xby][bb]',
    xargs: 'seq 2 | tr 12 ab | xargs -I {} args {} x{}y {}{}',
  },
  { feature: '{} in the name of the program', script: 'EACH -k {}gs x ::: ar', prints: '[x]' },
  {
    feature: '{.} {/} {//} {/.}',
    script: 'EACH -k -q args {.} {/} {//} {/.} ::: d/e/f.tar.gz .h a. d.d/f d/ / x/.. ./x.c',
    prints:
      '[d/e/f.tar][f.tar.gz][d/e][f.tar] [][.h][.][] [a][a.][.][a] [d.d/f][f][d.d][f] [d/][][.][] [/][][/][] [x/.][..][x][.] [./x][x.c][.][x]',
  },
  { feature: '{#}', script: 'EACH -k args {#}-{#} ::: a b', prints: '[1-1] [2-2]' },
  { feature: '{%}', script: 'EACH -k -j1 args {%} ::: a b', prints: '[1] [1]' },
  {
    feature: '{%} of two at a time',
    script: "EACH_SH -k -j2 '>s{%}; until [ -e s1 ] && [ -e s2 ]; do sleep 0.01; done; echo {%}' ::: a b | sort",
    prints: '1 2',
  },
  { feature: '{#} is put in for the item', script: 'EACH -k args {#} ::: a', prints: '[1]' },
  { feature: 'other braces', script: 'EACH -k -q args {x} { } {##} {{}} ::: a', prints: '[{x}][{][}][{##}][{a}]' },
  { feature: '-I R', script: 'EACH -k -q -I R args xRy {} {.} ::: a.c', prints: '[xa.cy][{}][a]' },
  { feature: '-I R without R', script: 'EACH -k -q -I R args {} ::: a', prints: '[{}][a]' },
  { feature: '{1} {2} without -N', script: 'EACH -k args {1}-{2} ::: a', prints: '[a-]' },
  {
    feature: '-n MAX',
    script: 'EACH -k -n 2 args ::: a b c',
    prints: '[a][b] [c]',
    xargs: "printf 'a\\nb\\nc\\n' | xargs -n 2 args",
  },
  { feature: '-N MAX with {1} {2}', script: 'EACH -k -N 2 args {2}-{1} ::: a b c', prints: '[b-a] [-c]' },
  { feature: '-N MAX with {-1}', script: 'EACH -k -N 2 args {-1} ::: a b c', prints: '[b] [c]' },
  { feature: '-N MAX with {1.} {2/}', script: 'EACH -k -N 2 args {1.} {2/} ::: a.x d/b', prints: '[a][b]' },
  {
    feature: '-N MAX with {}',
    script: 'EACH -k -q -N 2 args x{}y z ::: a "b c" d',
    prints: '[xay][xb cy][z] [xdy][z]',
  },
  { feature: '-N MAX with {} and {1}', script: 'EACH -k -q -N 2 args {}{1} {1} ::: a b', prints: '[aa][ba][a]' },
  { feature: '-N MAX with {/}', script: 'EACH -k -N 2 args x{/} ::: d/a e/b', prints: '[xa][xb]' },
  {
    feature: '-N 0',
    script: 'seq 2 | EACH -N 0 echo x',
    prints: 'x x',
    differs: { prints: '', status: 125, why: 'sh -c with {#} does it' },
  },

  // The shell.
  { feature: 'a command line for a shell', script: "EACH_SH -k 'echo {} | tr a-z A-Z' ::: a b", prints: 'A B' },
  {
    feature: 'items are quoted for it',
    script: `EACH_SH -k args {} ::: 'a  b' '$HOME' "it's" 'x;y' '*'`,
    prints: "[a  b] [$HOME] [it's] [x;y] [*]",
  },
  {
    feature: 'a shell by default',
    script: "EACH -k args '$((1+1))' ::: a",
    prints: '[2][a]',
    differs: {
      prints: '[$((1+1))][a]',
      why: 'the command is run directly, as with parallel -q and xargs; --shell uses sh',
    },
  },
  { feature: '-q', script: "EACH -k -q args '$((1+1))' 'a  b' ::: a", prints: '[$((1+1))][a  b][a]' },
  {
    feature: '-N MAX with {} in a shell',
    script: "EACH_SH -k -N 2 'args {} x{}y | cat' ::: a 'b  c'",
    prints: '[a][b  c][xay][xb  cy]',
  },
  {
    feature: '--dry-run',
    script: "EACH -k -q --dry-run args x{} '*' ::: a 'b c'",
    prints: "args xa '*' args 'xb c' '*'",
    differs: { prints: "args xa \\* args 'xb c' \\*", why: 'whole words are quoted, in another way' },
  },
  {
    feature: 'PARALLEL_SEQ',
    script: `EACH_SH 'echo "$PARALLEL_SEQ"' {#} ::: a`,
    prints: '1 1',
    differs: { prints: ' 1', why: '{#} and {%} say the same' },
  },

  // Output.
  { feature: '-k', script: "EACH_SH -k -j2 'sleep 0.{}; echo {}' ::: 3 1 2", prints: '3 1 2', xargs: 'echo 3; seq 2' },
  { feature: 'one at a time', script: "EACH_SH -j1 'sleep 0.{}; echo {}' ::: 2 1", prints: '2 1' },
  {
    feature: 'the output of a job stays together',
    script: "EACH_SH -j2 'echo {}; sleep 0.3; echo {}' ::: a a",
    prints: 'a a a a',
  },
  { feature: '--tag', script: "EACH_SH -k --tag 'echo 1; echo {}' ::: a b", prints: 'a\t1 a\ta b\t1 b\tb' },
  { feature: '--tag with -N', script: 'EACH -k --tag -N 2 args ::: a b c', prints: 'a b\t[a][b] c\t[c]' },
  { feature: '--line-buffer', script: "EACH_SH -j1 --line-buffer 'echo {}' ::: a b", prints: 'a b' },
  { feature: '--line-buffer --tag', script: 'EACH -j1 --line-buffer --tag args ::: a b', prints: 'a\t[a] b\t[b]' },
  { feature: '--line-buffer -k', script: 'EACH -j2 -k --line-buffer args ::: a b', prints: '[a] [b]' },
  {
    feature: '-u --tag',
    script: 'EACH -u --tag args ::: a',
    prints: '[a]',
    differs: { prints: '', status: 125, why: 'what cannot be done together is refused' },
  },
  { feature: 'a reader that ends early', script: 'seq 1000 | EACH -k args | head -n 1', prints: '[1]' },
  { feature: '-u', script: 'EACH -j1 -u args ::: a b', prints: '[a] [b]', xargs: 'seq 2 | tr 12 ab | xargs -n 1 args' },
  {
    feature: 'standard error apart',
    script: "EACH_SH -k 'echo o{}; echo e{} >&2' ::: a b 2>err; cat err",
    prints: 'oa ob ea eb',
  },
  { feature: 'a last line without an end', script: "EACH_SH -k 'printf {}' ::: a b", prints: 'ab' },

  // Exit status.
  { feature: 'all succeed', script: 'EACH true ::: a b', prints: '' },
  {
    feature: 'the number of jobs that failed',
    script: "EACH_SH 'exit {}' ::: 0 7 9 0 1",
    prints: '',
    status: 3,
  },
  { feature: '100 failed', script: 'seq 100 | EACH false {}', prints: '', status: 100 },
  { feature: 'more failed', script: 'seq 103 | EACH false {}', prints: '', status: 101 },
  { feature: 'ended by a signal', script: "EACH_SH 'kill -9 $$; :' ::: a b", prints: '', status: 2 },
  {
    feature: 'a command that is not there',
    script: 'EACH nonexistent ::: a b',
    prints: '',
    status: 2,
    differs: { status: 127, why: CHECKED_FIRST },
  },
  {
    feature: 'a file that cannot be read',
    script: 'EACH -a nonexistent args',
    prints: '',
    status: 255,
    differs: { status: 125, why: OWN_STATUS },
  },

  // Early ends.
  ...(
    [
      ['never', '1 0 2', '1 0 2', 2],
      ['now,fail=1', '0 7 2', '0 7', 7],
      ['soon,fail=1', '0 7 2', '0 7', 7],
      ['soon,fail=2', '1 0 4 5', '1 0 4', 2],
      ['now,success=1', '3 0 1', '3 0', 0],
      ['now,success=2', '3 0 1', '3 0 1', 2],
      ['now,done=1', '5 0', '5', 5],
      ['now,done=3', '1 0 4 5', '1 0 4', 2],
      ['now,fail=50%', '1 0 2 3 4', '1 0 2 3', 60],
      ['soon,fail=30%', '1 0 0', '1', 34],
      ['now,success=50%', '0 9 0 0 3', '0 9 0 0', 0],
      ['0', '1 0', '1 0', 1],
      ['1', '0 3 0', '0 3', 3],
      ['2', '0 3 0', '0 3', 3],
      ['-1', '3 0 1', '3 0', 0],
      ['-2', '3 0 1', '3 0', 0],
      ['10%', '1 0 0 0 0', '1', 20],
    ] as const
  ).map(([rule, ends, prints, status]) => ({
    feature: `--halt ${rule} after ${ends}`,
    script: `EACH_SH -j1 --halt ${rule} 'echo {}; exit {}' ::: ${ends}`,
    prints,
    status,
  })),
  {
    feature: '--halt now ends those that run',
    script: "EACH_SH -j2 --halt now,fail=1 'sleep {}; echo {}; exit 3' ::: 0.2 60",
    prints: '0.2',
    status: 3,
  },
  {
    feature: '--halt soon awaits those that run',
    script: "EACH_SH -j2 --halt soon,fail=1 'sleep {}; echo {}; exit 3' ::: 0.1 0.6 0",
    prints: '0.1 0.6',
    status: 3,
  },
  {
    feature: '--halt now',
    script: "EACH_SH -j1 --halt now 'exit {}' ::: 3 0",
    prints: '',
    status: 255,
    differs: { status: 3, why: 'it is short for now,fail=1' },
  },
  { feature: '--timeout', script: "EACH_SH -k --timeout 1 'echo a; sleep {}' ::: 0 60", prints: 'a a', status: 1 },
  {
    feature: '--retries',
    script: "EACH_SH --retries 3 'echo x >>tries; grep -c . tries; exit 1' ::: a; cat tries; exit 1",
    prints: '3 x x x',
    status: 1,
  },
  {
    feature: '--retries until it succeeds',
    script: "EACH_SH --retries 5 'echo x >>tries; grep -c . tries; [ $(grep -c . tries) = 2 ] #' ::: a",
    prints: '2',
  },
  {
    feature: '--halt after a signal',
    script: "EACH_SH -j1 --halt now,fail=1 'echo {}; kill -9 $$; :' ::: a b",
    prints: 'a',
    status: 137,
  },
  {
    feature: '--halt with --retries',
    script: "EACH_SH -j1 --halt now,fail=1 --retries 3 'echo x >>tries; exit {}' ::: 4 0; s=$?; cat tries; exit $s",
    prints: 'x x x',
    status: 4,
  },
  {
    feature: '--timeout with a percentage',
    script: 'EACH --timeout 100000% args ::: a',
    prints: '[a]',
    differs: { prints: '', status: 125, why: 'a time limit that depends on the other jobs is not supported' },
  },

  // The log.
  {
    feature: '--joblog',
    script: "EACH_SH -j1 --joblog log 'echo {}; exit {}' ::: 0 7; cut -f 1,2,5-8 log",
    prints: '0 7 Seq\tHost\tSend\tReceive\tExitval\tSignal 1\t:\t0\t2\t0\t0 2\t:\t0\t2\t7\t0',
  },
  {
    feature: 'a signal and a time limit in it',
    script: "EACH -q -j1 --joblog log --timeout 1 sh -c {} ::: 'kill -9 $$' 'sleep 60'; cut -f 1,7,8 log",
    prints: 'Seq\tExitval\tSignal 1\t0\t9 2\t-1\t15',
  },
  {
    feature: 'the format of its times',
    script: "EACH --joblog log true ::: a; tail -n 1 log | cut -f 3,4 | sed 's/[0-9]/9/g; s/9\\{5,\\}/N/'",
    prints: 'N.999\t     9.999',
  },
  {
    feature: 'the command in it',
    script: "EACH -q --joblog log args 'x  y' {} ::: a; tail -n 1 log | cut -f 9",
    prints: "[x  y][a] args 'x  y' a",
  },
  {
    feature: 'a line break in it',
    script: "EACH -q -0 --joblog log true {} ::: $'a\\nb'; tail -n 1 log | cut -f 9 | tr '\\0' @",
    prints: "true 'a@b'",
  },
  {
    feature: 'a tab in it',
    script: "EACH --joblog log true ::: $'a\\tb'; tail -n 1 log | cut -f 9- | tr '\\t' @",
    prints: "true 'a@b'",
  },
  {
    feature: '--retries in it',
    script: 'EACH -j1 --joblog log --retries 3 false ::: a; cut -f 1,7 log',
    prints: 'Seq\tExitval 1\t1',
  },
  {
    feature: '--dry-run writes none',
    script: 'EACH --dry-run --joblog log true ::: a; [ ! -e log ]',
    prints: 'true a',
  },
  {
    feature: 'a log that cannot be written',
    script: 'EACH --joblog nonexistent/log args ::: a',
    prints: '',
    status: 255,
    differs: { status: 125, why: OWN_STATUS },
  },
  {
    feature: '--resume',
    script: "EACH_SH -j1 --joblog log 'exit {}' ::: 0 7; EACH -k --joblog log --resume args ::: a b c; cut -f 1,7 log",
    prints: '[c] Seq\tExitval 1\t0 2\t7 3\t0',
  },
  {
    feature: '--resume-failed',
    script:
      "EACH_SH -j1 --joblog log 'exit {}' ::: 0 7; EACH -k --joblog log --resume-failed args ::: a b c; cut -f 1,7 log",
    prints: '[b] [c] Seq\tExitval 1\t0 2\t7 2\t0 3\t0',
  },
  {
    feature: '--resume with -N',
    script: 'seq 3 | EACH -N 2 --joblog log true; seq 5 | EACH -k -N 2 --joblog log --resume args; cut -f 1 log',
    prints: '[5] Seq 1 2 3',
  },
  {
    feature: '--resume after --halt',
    script:
      "EACH_SH -j1 --halt now,fail=1 --joblog log 'exit {}' ::: 0 7 0; EACH -k --joblog log --resume args ::: a b c",
    prints: '[c]',
  },
  {
    feature: '--retry-failed of parallel with the log',
    script:
      "EACH_SH -j1 --joblog log '[ -e up ] && echo {}' ::: 'a  b' c; >up; parallel --will-cite -k --joblog log --retry-failed",
    prints: 'a  b c',
  },

  // Options of parallel that js-each does not have.
  ...(
    [
      ['-j 0', 'EACH -j 0 args ::: a', '[a]'],
      ['-j +1', 'EACH -j +1 args ::: a', '[a]'],
      ['-j 100%', 'EACH -j 100% args ::: a', '[a]'],
      ['-X', 'EACH -j1 -X args ::: a b', '[a][b]'],
      ['-L', 'seq 3 | EACH -k -L 2 args', '[1][2] [3]'],
      ['-d', 'printf a,b | EACH -k -d , args', '[a] [b]'],
      ['-v', 'EACH -v args ::: a', 'args a [a]'],
      ['--colsep', 'EACH --colsep , args {2} ::: a,b', '[b]'],
      ['--delay', 'EACH --delay 0.1 args ::: a', '[a]'],
      ['--pipe', 'seq 2 | EACH -j1 --pipe cat', '1 2'],
      ['--results', 'EACH --results r args ::: a && cat r/1/a/stdout', '[a]'],
      ['--rpl', "EACH --rpl '{x} s/a/b/' args {x} ::: a", '[b]'],
      ['--tagstring', 'EACH --tagstring {}: args ::: a', 'a:\t[a]'],
    ] as const
  ).map(([option, script, prints]) => ({
    feature: `${option} is refused`,
    script,
    prints,
    differs: { prints: '', status: 125, why: 'js-each does not have it, and ignores no option' },
  })),
];
