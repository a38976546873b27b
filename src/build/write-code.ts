import { readFileSync, writeFileSync } from 'node:fs';
import { compile } from '../../bin/keep-code.js';
import { nameCode } from '../../bin/launch.js';

// Writes the code that V8 makes of each command that is named, for this version of Node, next to its bundle.
const folder = `${__dirname}/../start`;
for (const name of process.argv.slice(2)) {
  const source = readFileSync(`${folder}/${name}.js`, 'utf8');
  // The package is used elsewhere, so the name of the file that stacks show is relative.
  writeFileSync(`${folder}/${nameCode(name, source)}`, compile(`dist/start/${name}.js`, source));
}
