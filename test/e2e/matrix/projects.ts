import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { make43, ninja113Dir } from '../../setup/tools.js';

const LEAVES = ['leaf1', 'leaf2', 'leaf3', 'leaf4', 'leaf5', 'leaf6'];

/** How many jobs every project has at least. */
export const LEAF_COUNT = LEAVES.length;

/** A job that waits for as many as $MEET says, for tools that start whatever they are told. */
const leafCommand = (name: string) => `span ${name} meet`;

/** Starts a compiler behind such a job. */
const SLOW = `#!/bin/sh
# slow NAME CMD [ARG...]
name=$1
shift
exec span "$name" sh -c 'meet; exec "$@"' slow "$@"
`;

/** Writes a file below a folder; an executable one if it begins with \`#!\`. */
type Write = (path: string, text: string) => void;

const lines = (line: (leaf: string) => string) => `${LEAVES.map(line).join('\n')}\n`;

function writeMake(write: Write): void {
  write(
    'make/Makefile',
    `.PHONY: all ${LEAVES.join(' ')}\nall: ${LEAVES.join(' ')}\n${lines((leaf) => `${leaf}:\n\t${leafCommand(leaf)}`)}`,
  );
}

function writeNinja(write: Write): void {
  // The files are never made, so that the jobs run every time.
  const text = `rule leaf\n  command = ${leafCommand('$out')}\n${lines((leaf) => `build ${leaf}: leaf`)}`;
  for (const version of ['1.11', '1.13', 'pypi']) write(`ninja-${version}/build.ninja`, text);
}

function writeCTest(write: Write): void {
  write(
    'ctest/CTestTestfile.cmake',
    lines((leaf) => `add_test(${leaf} ${leafCommand(leaf)})`),
  );
}

/** One source, and a build folder for each program that cmake shall call. */
function writeCMake(write: Write, folder: string): void {
  const target = (leaf: string) => `add_custom_target(${leaf} ALL COMMAND ${leafCommand(leaf)})`;
  write('cmake/CMakeLists.txt', `cmake_minimum_required(VERSION 3.13)\nproject(leaves NONE)\n${lines(target)}`);
  const generators = [
    ['make', 'Unix Makefiles', make43],
    ['ninja-1.11', 'Ninja', 'ninja'],
    ['ninja-1.13', 'Ninja', join(ninja113Dir, 'ninja')],
  ] as const;
  for (const [name, generator, program] of generators) {
    const build = ['-B', join(folder, 'cmake', name), '-G', generator, `-DCMAKE_MAKE_PROGRAM=${program}`];
    execFileSync('cmake', ['-S', join(folder, 'cmake'), ...build], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

function writeCargo(write: Write, folder: string): void {
  write('cargo/Cargo.toml', '[package]\nname = "leaves"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n');
  for (const leaf of LEAVES) write(`cargo/src/bin/${leaf}.rs`, 'fn main() {}\n');
  write('cargo/wrapper.toml', `[build]\nrustc-wrapper = "${folder}/cargo/rustc"\n`);
  // cargo asks the compiler for its version and more through it, too.
  write(
    'cargo/rustc',
    `#!/bin/sh
case "$*" in *"--crate-name leaf"*) exec ${folder}/slow "rustc $3" "$@" ;; esac
exec "$@"
`,
  );
}

function writeGo(write: Write, folder: string): void {
  write('go/go.mod', 'module leaves\n\ngo 1.19\n');
  // Nothing is imported: not even the runtime has to be compiled.
  for (const leaf of LEAVES) write(`go/${leaf}/${leaf}.go`, `package ${leaf}\n\nvar Leaf = 1\n`);
  write(
    'go/tool',
    `#!/bin/sh
case "$*" in *-V=full) ;; */compile\\ *) exec ${folder}/slow "go $TOOLEXEC_IMPORTPATH" "$@" ;; esac
exec "$@"
`,
  );
}

/** Objects of which the linker makes as many partitions, and a `lto1` for -B to find before gcc's own. */
function writeGcc(write: Write, folder: string): void {
  const sources = LEAVES.map((leaf) => `${leaf}.c`);
  for (const [i, leaf] of LEAVES.entries()) write(`gcc/${leaf}.c`, `int ${leaf}(int x) { return x + ${i}; }\n`);
  const calls = LEAVES.map((leaf) => `${leaf}(0)`).join(' + ');
  write('gcc/main.c', `${lines((leaf) => `int ${leaf}(int);`)}int main(void) { return ${calls}; }\n`);
  execFileSync('gcc', ['-flto', '-c', 'main.c', ...sources], { cwd: join(folder, 'gcc') });
  const real = execFileSync('gcc', ['-print-prog-name=lto1'], { encoding: 'utf8' }).trim();
  write(
    'gcc/bin/lto1',
    `#!/bin/sh
case "$*" in *-fltrans\\ *) exec ${folder}/slow lto1 ${real} "$@" ;; esac
exec ${real} "$@"
`,
  );
}

/** A package whose build script runs the words of $INNER, what these say on stderr goes to $INNER_STDERR. */
function writeBuildScript(write: Write, folder: string): void {
  write('outer/Cargo.toml', '[package]\nname = "outer"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n');
  write('outer/src/lib.rs', '');
  write(
    'outer/build.rs',
    `fn main() {
    println!("cargo:rerun-if-env-changed=INNER");
    let inner = std::env::var("INNER").unwrap();
    let words: Vec<&str> = inner.split(' ').collect();
    let stderr = std::fs::File::create(std::env::var("INNER_STDERR").unwrap()).unwrap();
    let status = std::process::Command::new(words[0]).args(&words[1..]).stderr(stderr).status().unwrap();
    std::process::exit(status.code().unwrap_or(99));
}
`,
  );
  // The build script itself is compiled only this once.
  const env = { ...process.env, INNER: 'true', INNER_STDERR: '/dev/null' };
  execFileSync('cargo', ['check', '--quiet', '--offline'], { cwd: join(folder, 'outer'), env });
}

/** Writes the projects of all the tools into a folder. */
export function writeProjects(folder: string): void {
  const write: Write = (path, text) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  };
  write('slow', SLOW);
  const writers = [writeMake, writeNinja, writeCTest, writeCMake, writeCargo, writeGo, writeGcc, writeBuildScript];
  for (const each of writers) each(write, folder);
}
