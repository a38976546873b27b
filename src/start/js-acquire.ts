import { start } from '../cli/start.js';
import { command } from '../commands/js-acquire.js';

void start(command);
