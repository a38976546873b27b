import { start } from '../cli/start.js';
import { command } from '../commands/js-create.js';

void start(command);
