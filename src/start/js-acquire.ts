import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-acquire.js';

void runCommand(command);
