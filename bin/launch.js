// Runs dist/start/NAME.js with the code that V8 made of it before, which saves a sixth of the start. V8 takes only code of the
// same version with the same flags. What the build made is next to the bundle; for any other Node it is kept in the user's cache
// (keep-code.js). Code cannot import(), so the bundle is a function that is given what it needs of a module.
const { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync } = require('node:fs');
const { realpathSync, statSync } = require('node:fs');
const { Script } = require('node:vm');

/** The options of Node that V8 compiles by: those in NODE_OPTIONS that a user may well have. */
const FLAGS = /--(?:expose|jitless|max|stack)[\w-]*(?:=\d+)?/g;

/** @param {string} id a package, a module of Node's, or a file of dist/ as `../ROOM/FILE.js` */
const load = (id) => require(id.startsWith('../') ? `../dist/${id.slice(3)}` : id);

/** Runs a command as this process. @param {string} name */
function launch(name) {
  const folder = `${__dirname}/../dist/start`;
  const file = `${folder}/${name}.js`;
  const source = readFileSync(file, 'utf8');
  const code = nameCode(name, source);
  const cache = findCache();
  const cachedData = (cache && readKept(cache, code)) ?? readBuilt(`${folder}/${code}`);
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  // Later than all else that this start does, when it holds no slot any more.
  if (cache && script.cachedDataRejected !== false)
    process.once('exit', () =>
      require('./keep-code.js').keepCode({ file, source, code, cache, userId, isGuarded, isPrivate }),
    );
  script.runInThisContext()(load, folder);
}

/**
 * Names the code of a command for this Node, by which it is found again. V8 itself looks only at the length of the source.
 * @param {string} name @param {string} source ends in a hash of itself, which build.sh adds
 */
function nameCode(name, source) {
  const flags = `${process.env.NODE_OPTIONS ?? ''} ${process.execArgv.join(' ')}`.match(FLAGS) ?? [];
  return `${name}-${source.slice(-16)}-${process.version}-${process.arch}${flags.join('').slice(0, 100)}.code`;
}

/** @param {string} file @returns {Buffer | undefined} */
const readBuilt = (file) => (existsSync(file) ? readFileSync(file) : undefined);

/** Finds the folder in which code is kept; it need not be there. @returns {string | undefined} */
function findCache() {
  const { XDG_CACHE_HOME = '', HOME = '' } = process.env;
  const home = XDG_CACHE_HOME.startsWith('/') ? XDG_CACHE_HOME : HOME.startsWith('/') && `${HOME}/.cache`;
  return home ? `${home}/jobserver-tools` : undefined;
}

/** Returns our user id as it shows in files: not what getuid(2) says, as in src/process/user.ts. */
const userId = () => statSync('/proc/self').uid;

/**
 * Reads kept code. It is run, so nobody else may have been able to write it.
 * @param {string} folder @param {string} code
 * @returns {Buffer | undefined}
 */
function readKept(folder, code) {
  const file = `${folder}/${code}`;
  let fd;
  try {
    if (!existsSync(file)) return undefined;
    const user = userId();
    if (!isPrivate(folder, user)) return undefined;
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    return stat.isFile() && stat.uid === user && (stat.mode & 0o022) === 0 ? readFileSync(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Returns whether a folder is the user's alone. @param {string} folder @param {number} user */
function isPrivate(folder, user) {
  const stat = lstatSync(folder);
  return stat.isDirectory() && stat.uid === user && (stat.mode & 0o077) === 0 && isGuarded(folder, user);
}

/**
 * Returns whether nobody but the user and root can put something else in the place of a folder, or of a link that leads to it.
 * @param {string} folder @param {number} user
 */
function isGuarded(folder, user) {
  for (const path of new Set([folder, realpathSync.native(folder)]))
    for (let end = path.length; end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const { uid, mode } = lstatSync(path.slice(0, end) || '/');
      if (uid !== user && uid !== 0) return false;
      const isOpen = (mode & 0o022) !== 0 && (mode & constants.S_IFMT) !== constants.S_IFLNK;
      if (isOpen && (mode & 0o1000) === 0) return false;
      if (end === 0) break;
    }
  return true;
}

module.exports = { launch, nameCode };
