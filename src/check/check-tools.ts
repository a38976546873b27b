import type { Env } from '../environment.js';
import { askStyles, askVersion } from '../tools/ask-version.js';
import { findProgram } from '../tools/find-program.js';
import { hasShim } from '../tools/shim-folder.js';
import { MAKE, type Style, TOOLS, type Tool, usableStyles } from '../tools/table.js';

/** One tool that is on PATH, and whether it joins the pool. */
export interface ToolReport {
  name: string;
  path: string;
  version: string | null;
  /** Whether it stays within the pool if it is started as it is. */
  joins: boolean;
  /** How, or why not and what to do. */
  how: string;
  /** What would make it leave the pool. */
  switchedOffBy: string | null;
}

/**
 * Checks every tool of the table that is on PATH.
 * @param styles by which programs that are started here can reach the pool
 * @param isClosed whether a pair is advertised that is closed here, so that a make runs one job at a time
 * @param root the state folder
 */
export async function checkTools(
  styles: readonly Style[],
  isClosed: boolean,
  env: Env,
  root: string,
): Promise<ToolReport[]> {
  const reports: ToolReport[] = [];
  for (const tool of TOOLS) {
    for (const name of tool.names) {
      const path = findProgram(name, env.PATH)?.file;
      if (path === undefined) continue;
      const version = await askVersion(tool, name, env, root);
      const by = await findHow(tool, name, styles, env, root);
      const how = by ?? (tool === MAKE && isClosed ? CLOSED : undefined);
      reports.push({
        name,
        path,
        version: version === undefined ? null : `${version.major}.${version.minor}`,
        joins: how !== undefined,
        how: how ?? `no: run it as 'js-run ${name}', or use js-env --shims`,
        switchedOffBy:
          tool.jobsOption === undefined || (tool.joinsWithJobs && how === 'by itself') ? null : leavingOption(tool),
      });
    }
  }
  return reports;
}

/** Returns the option for which a tool leaves the pool, as a user writes it. */
const leavingOption = ({ jobsOption }: Tool): string => (jobsOption?.test('-j4') ? '-jN' : '-p N');

/** What a make does if it finds its pair closed (PROTOCOL 6). */
const CLOSED = 'runs one job at a time: the descriptors are closed here';

/** Finds out how a tool stays within the pool if it is started as it is; undefined if it does not. */
async function findHow(
  tool: Tool,
  name: string,
  styles: readonly Style[],
  env: Env,
  root: string,
): Promise<string | undefined> {
  if (hasShim(name, env.PATH)) return 'through its wrapper';
  if (usableStyles(await askStyles(tool, name, env, root), styles).length > 0) return 'by itself';
  return tool.serial && 'runs one job at a time';
}
