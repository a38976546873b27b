import { start } from '../cli/start.js';
import { command } from '../commands/js-destroy.js';

void start(command);
