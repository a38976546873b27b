import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Installs what `npm pack` packs as `npm install --global` does, but with the dependencies that are there.
 * @param prefix a folder that is not there yet
 * @returns the folders of the commands and of the package
 */
export function install(prefix: string): { bin: string; root: string } {
  const [bin, root] = [join(prefix, 'bin'), join(prefix, 'lib/node_modules/jobserver-tools')];
  mkdirSync(bin, { recursive: true });
  mkdirSync(root, { recursive: true });
  // Without the scripts, which would build again, under the feet of all that runs beside.
  const words = ['pack', '--ignore-scripts', '--silent', '--pack-destination', prefix];
  const archive = execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', join(prefix, archive), '--strip-components=1', '-C', root]);
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const file of readdirSync(join(root, 'bin')).filter((name) => name.startsWith('js-')))
    symlinkSync(join(root, 'bin', file), join(bin, basename(file, '.js')));
  return { bin, root };
}
