/** The majors of Node, of those that package.json promises, that the machine does not have: the commands run on these, too. */
export const otherNodes = ['20', '22', '24', '26'].filter((major) => !process.versions.node.startsWith(`${major}.`));
