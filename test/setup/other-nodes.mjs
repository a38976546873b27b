/**
 * The majors of Node on which the commands are tested besides the machine's: those of TEST_NODES, which `npm test` sets. A test
 * file that is started by hand runs on the machine's Node alone.
 */
export const otherNodes = (process.env.TEST_NODES ?? '')
  .split(' ')
  .filter((major) => major !== '' && !process.versions.node.startsWith(`${major}.`));
