import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-run.js';

void runCommand(command);
