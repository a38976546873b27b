/** @returns the environment without a jobserver above us and without what slows every start of Node down */
export function cleanEnvironment(bin: string, runtime: string): Record<string, string> {
  const env: Record<string, string> = {};
  const hidden =
    /^(MAKE.*|MFLAGS|CARGO_MAKEFLAGS|JOBSERVER_TOOLS_.*|NODE_.*|npm_.*|VITEST.*|XDG_RUNTIME_DIR|SLURM_.*)$/;
  for (const [name, value] of Object.entries(process.env)) if (value && !hidden.test(name)) env[name] = value;
  const path = (env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return {
    ...env,
    PATH: [bin, ...path].join(':'),
    XDG_RUNTIME_DIR: runtime,
    // Pools of make, too, keep their state here.
    JOBSERVER_TOOLS_STATE: `${runtime}/jobserver-tools`,
    LC_ALL: 'C.UTF-8',
  };
}
