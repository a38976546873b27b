import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cTree } from './sources/c.js';
import { writeFiles } from './sources/files.js';
import { goModule } from './sources/go.js';
import { pythonPackages } from './sources/python.js';
import { rustWorkspace } from './sources/rust.js';

/** Wipes `work` and fills it with what is to be built and with bin/, the commands that the Makefiles start by name. */
export function makeWorkspace(work: string, repository: string): void {
  rmSync(work, { recursive: true, force: true });
  writeFiles(work, {
    ...cTree(),
    ...goModule(),
    ...pythonPackages(),
    ...rustWorkspace(),
    'config/go/telemetry/mode': 'off 2020-01-01\n',
  });
  mkdirSync(join(work, 'tmp'));
  const bin = join(work, 'bin');
  mkdirSync(bin);
  for (const file of readdirSync(join(repository, 'bin'))) {
    symlinkSync(join(repository, 'bin', file), join(bin, file.replace(/\.js$/, '')));
  }
  symlinkSync(join(repository, 'test/spans/span'), join(bin, 'span'));
  for (const wrapper of ['rustc-span', 'go-span'])
    symlinkSync(join(repository, 'test/demo', wrapper), join(bin, wrapper));
  // The commands start `node`: let it be the one that runs this.
  symlinkSync(process.execPath, join(bin, 'node'));
}
