#!/usr/bin/env node
require('../dist/start/js-release.js');
