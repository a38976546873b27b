import { renameSync, writeFileSync } from 'node:fs';
import { codeFile, compile, run } from './load.js';

// Part of the build: runs a command (`warm.js js-run true`) and keeps the code that V8 made of all that it used.
const [name = ''] = process.argv.splice(2, 1);
const script = compile(name);
process.on('exit', () => {
  const file = codeFile(name);
  writeFileSync(`${file}.new`, script.createCachedData());
  renameSync(`${file}.new`, file);
});
run(name, script);
