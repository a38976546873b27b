#!/usr/bin/env node
require('../dist/start/load.js').load('js-release');
