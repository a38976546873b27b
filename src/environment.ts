/** The variables of an environment; undefined is one that is not set. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Changes to an environment: the variables to set, and those to remove, which are undefined. */
export type EnvChanges = Readonly<Record<string, string | undefined>>;
