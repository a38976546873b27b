import { start } from '../cli/start.js';
import { command } from '../commands/js-run.js';

void start(command);
