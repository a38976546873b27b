/** The variables of the caller's environment that tests may see: where the tools are, and where temporary files go. */
const KEPT = [
  ...['PATH', 'HOME', 'TMPDIR'],
  ...['CARGO_HOME', 'GOROOT', 'GOTOOLCHAIN', 'PYENV_ROOT', 'PYENV_VERSION', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN'],
];

/** What they see instead of the caller's: script(1) runs $SHELL, make quotes by the locale, make's files get the umask. */
const FIXED = {
  ...{ LC_ALL: 'C.UTF-8', SHELL: '/bin/sh', TERM: 'dumb', TZ: 'UTC' },
  // No command keeps compiled code, which a test's first start would write and the next would not.
  XDG_CACHE_HOME: '/dev/null',
  // go does not build without a cache.
  GOCACHE: `${process.env.HOME}/.cache/go-build`,
};
export const UMASK = 0o022;

/**
 * Makes an environment that is the same whoever runs the tests and from where: without a jobserver, variables of a build or
 *   programs of node_modules, which `npm test` puts on PATH
 */
export function definedEnvironment(): Record<string, string> {
  const kept = KEPT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(kept), ...FIXED, PATH: folders.join(':') };
}

/** Makes that environment, with the commands first on PATH and a place for the state of pools, including those of make. */
export function cleanEnvironment(bin: string, runtime: string): Record<string, string> {
  const env = definedEnvironment();
  return {
    ...env,
    PATH: `${bin}:${env.PATH}`,
    XDG_RUNTIME_DIR: runtime,
    JOBSERVER_TOOLS_STATE: `${runtime}/jobserver-tools`,
  };
}
