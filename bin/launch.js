// Runs dist/start/NAME.js with the code that V8 made of it in the build (src/build/write-code-cache.ts), which saves a tenth of
// the start. That code cannot import(), so the bundle is a function that is given what it needs of a module.
const { readFileSync, existsSync } = require('node:fs');
const { Script } = require('node:vm');

/** @param {string} id a package, a module of Node's, or a file of dist/ as `../ROOM/FILE.js` */
const load = (id) => require(id.startsWith('../') ? `../dist/${id.slice(3)}` : id);

/** @param {string} name the command's */
module.exports = (name) => {
  const folder = `${__dirname}/../dist/start`;
  const file = `${folder}/${name}.js`;
  const code = existsSync(`${file}.code`) ? { cachedData: readFileSync(`${file}.code`) } : {};
  new Script(readFileSync(file, 'utf8'), { filename: file, ...code }).runInThisContext()(load, folder);
};
