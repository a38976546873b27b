import { start } from '../cli/start.js';
import { command } from '../commands/js-release.js';

void start(command);
