import { readFileSync } from 'node:fs';
import { wrap } from 'node:module';
import { Script } from 'node:vm';

/** A command's bundle as a function of CommonJS's five names. */
type Bundle = (exports: object, require: NodeJS.Require, module: NodeJS.Module, file: string, folder: string) => void;

/** @returns where the code that V8 made of a command's bundle is kept */
export const codeFile = (name: string): string => `${__dirname}/${name}.code`;

/**
 * Runs a command's bundle, with the code that V8 made of it when it was built where that is there and of this version of
 * Node: it saves a tenth of the start.
 */
export function load(name: string): void {
  run(name, compile(name, readCode(name)));
}

/** Compiles a command's bundle. */
export function compile(name: string, cachedData?: Buffer): Script {
  const file = bundleFile(name);
  return new Script(wrap(readFileSync(file, 'utf8')), {
    filename: file,
    ...(cachedData && { cachedData }),
  });
}

/** Runs what compile() gave. */
export function run(name: string, script: Script): void {
  (script.runInThisContext() as Bundle)(exports, require, module, bundleFile(name), __dirname);
}

const bundleFile = (name: string): string => `${__dirname}/${name}.js`;

function readCode(name: string): Buffer | undefined {
  try {
    return readFileSync(codeFile(name));
  } catch {
    return undefined;
  }
}
