import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-each.js';

void runCommand(command);
