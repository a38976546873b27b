import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';

// Runs a command (`write-code-cache.js js-run true`) as bin/launch.js does, and keeps the code that V8 made of all that it used,
// for that to begin with. Another version of Node rejects the code and compiles anew.
const [name = ''] = process.argv.splice(2, 1);
const folder = `${__dirname}/../start`;
const file = `${folder}/${name}.js`;
const script = new Script(readFileSync(file, 'utf8'), { filename: file });
process.on('exit', () => {
  writeFileSync(`${file}.code.new`, script.createCachedData());
  renameSync(`${file}.code.new`, `${file}.code`);
});
const run: (load: NodeJS.Require, folder: string) => void = script.runInThisContext();
run(require, folder);
