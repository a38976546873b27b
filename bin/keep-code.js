const { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync } = require('node:fs');
const { rmSync, statSync, unlinkSync, writeSync } = require('node:fs');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

/** The most files in the folder: six commands on four versions of Node, and some that are out of date. */
const MOST_FILES = 32;

/** V8 refused the code on this machine; on another that shares the folder it may be right, so it is not replaced at once. */
const REPLACE_AFTER_MS = 60 * 60 * 1000;

/** Time after which whoever began to write a file must have ended. */
const WRITE_MS = 60 * 1000;

/**
 * Compiles a command and keeps the code that V8 makes for the starts to come. If it cannot, these only take longer.
 * @param {{ file: string, source: string, code: string, cache: string, userId: () => number,
 *   isGuarded: (folder: string, user: number) => boolean, isPrivate: (folder: string, user: number) => boolean }} wanted
 *   `file` is the command's, `cache` the folder for `code`; the functions are those of launch.js
 */
function keepCode({ file, source, code, cache, userId, isGuarded, isPrivate }) {
  try {
    const user = userId();
    for (const path of [dirname(cache), cache]) {
      if (existsSync(path)) continue;
      const above = dirname(path);
      // A HOME of somebody else's, as with sudo.
      if (statSync(above).uid !== user || !isGuarded(above, user)) return;
      mkdirSync(path, { mode: 0o700 });
    }
    const kept = `${cache}/${code}`;
    if (!isPrivate(cache, user) || ageOf(kept) < REPLACE_AFTER_MS) return;
    sweep(cache);
    write(kept, () => compile(file, source));
  } catch {
    // Nothing depends on it.
  }
}

/**
 * Compiles all functions of a command, not only those that this start has used.
 * @param {string} file @param {string} source
 */
function compile(file, source) {
  // Loaded only here, because it takes two milliseconds, also of each start that can keep nothing.
  const { setFlagsFromString } = require('node:v8');
  // Otherwise V8 would return what it has compiled already.
  setFlagsFromString('--no-compilation-cache');
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename: file });
  // V8 takes the code only with the same flags.
  setFlagsFromString('--lazy');
  setFlagsFromString('--compilation-cache');
  return script.createCachedData();
}

/**
 * Writes code to a file, unless another start is about to.
 * @param {string} file @param {() => Buffer} compile
 */
function write(file, compile) {
  const fd = openSync(`${file}.new`, 'wx', 0o600);
  try {
    const code = compile();
    if (writeSync(fd, code) !== code.length) throw new Error('no space is left');
    // After a crash of the machine a part of it could be missing, which V8 would not notice.
    fsyncSync(fd);
    renameSync(`${file}.new`, file);
  } catch {
    unlinkSync(`${file}.new`);
  } finally {
    closeSync(fd);
  }
}

/** Makes room for one file, and removes what was begun and not finished. @param {string} folder */
function sweep(folder) {
  const files = readdirSync(folder).map((name) => ({ file: `${folder}/${name}`, age: ageOf(`${folder}/${name}`) }));
  const unfinished = files.filter(({ file, age }) => file.endsWith('.new') && age > WRITE_MS);
  const kept = files.filter(({ file }) => file.endsWith('.code')).sort((one, other) => one.age - other.age);
  for (const { file } of [...unfinished, ...kept.slice(MOST_FILES - 1)]) rmSync(file, { force: true });
}

/** Returns milliseconds since a file was written; after the clock was set back, until then. @param {string} file */
const ageOf = (file) =>
  Math.abs(Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY));

module.exports = { compile, keepCode };
