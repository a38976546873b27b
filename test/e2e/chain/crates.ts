import { join } from 'node:path';
import { writeFiles } from '../../demo/sources/files.js';
import { forUnits } from './compilers.js';

/** What there is to build: workspaces of crates that need nothing of each other. */
export const WORKSPACES = ['crates1', 'crates2', 'crates3'];

/** Writes the workspaces, each into a folder of its name. */
export function writeCrates(folder: string): void {
  const crates = forUnits((n) => `unit${n}`);
  for (const name of WORKSPACES) {
    writeFiles(join(folder, name), {
      'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ${JSON.stringify(crates)}\n`,
    });
    for (const crate of crates) {
      const manifest = `[package]\nname = "${crate}"\nversion = "1.0.0"\nedition = "2021"\n`;
      writeFiles(join(folder, name, crate), { 'Cargo.toml': manifest, 'src/lib.rs': '' });
    }
  }
}

/** A script that builds one of them. Python closes what it inherited, as it does by default. */
export const CARGO_SCRIPT = `import subprocess, sys
command = ['cargo', 'build', '--quiet', '--offline', '--manifest-path', sys.argv[1] + '/Cargo.toml']
sys.exit(subprocess.run(command).returncode)
`;
