import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-create.js';

void runCommand(command);
