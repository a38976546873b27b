import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-destroy.js';

void runCommand(command);
