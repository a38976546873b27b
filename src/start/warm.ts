import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';

// Part of the build: runs a command (`warm.js js-run true`) as its stub in bin/ does, and keeps the code that V8 made of all
// that it used, for the stub to begin with. Another version of Node rejects that code and compiles anew.
const [name = ''] = process.argv.splice(2, 1);
const file = `${__dirname}/${name}.js`;
const script = new Script(readFileSync(file, 'utf8'), { filename: file });
process.on('exit', () => {
  writeFileSync(`${file}.code.new`, script.createCachedData());
  renameSync(`${file}.code.new`, `${file}.code`);
});
const run: (load: NodeJS.Require, folder: string) => void = script.runInThisContext();
run(require, __dirname);
