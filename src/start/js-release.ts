import { runCommand } from '../cli/run-command.js';
import { command } from '../commands/js-release.js';

void runCommand(command);
