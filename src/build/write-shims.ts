import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { shimFolder } from '../tools/shim-folder.js';
import { WRAPPED } from '../tools/table.js';

// Puts a copy of the wrapper that the first argument names into a folder of its own for each tool, so that PATH can name just
// those that are needed.
const [, , wrapper = ''] = process.argv;
for (const name of WRAPPED) {
  mkdirSync(shimFolder(name), { recursive: true });
  copyFileSync(wrapper, `${shimFolder(name)}/${name}`);
  chmodSync(`${shimFolder(name)}/${name}`, 0o755);
}
