#!/usr/bin/env node
// Runs dist/start/js-create.js with the code that V8 made of it in the build (src/start/warm.ts): that saves a tenth of the start.
const { readFileSync, existsSync } = require('node:fs');
const { Script } = require('node:vm');
const file = `${__dirname}/../dist/start/js-create.js`;
const code = existsSync(`${file}.code`) ? { cachedData: readFileSync(`${file}.code`) } : {};
/** @param {string} name */
const load = (name) => require(name.startsWith('../') ? `../dist/${name.slice(3)}` : name);
new Script(readFileSync(file, 'utf8'), { filename: file, ...code }).runInThisContext()(
  load,
  `${__dirname}/../dist/start`,
);
