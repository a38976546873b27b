import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-status.js';

void runCommand(command);
