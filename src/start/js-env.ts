import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-env.js';

void runCommand(command);
