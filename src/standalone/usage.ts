import type { Command } from '../cli/command.js';
import { JobserverError } from '../errors.js';

/** What the executable says of itself if it is called by no command's name. */
export const command: Command = {
  name: 'jobserver-tools',
  summary:
    'Runs one of the commands js-acquire, js-create, js-destroy, js-each, js-env, js-release, js-run and js-status, which it also\n' +
    'is by each of these names; or install or uninstall, which put them with their manual pages on this system, or take them away.',
  operands: 'COMMAND [ARG]...',
  options: [],
  main({ args }) {
    const [word] = args.operands;
    throw new JobserverError('usage', word === undefined ? 'no command given' : `unknown command '${word}'`);
  },
};
