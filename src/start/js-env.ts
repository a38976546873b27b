import { start } from '../cli/start.js';
import { command } from '../commands/js-env.js';

void start(command);
