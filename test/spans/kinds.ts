/** A kind of job, told by the first word of its name. */
export type Kind = {
  words: string[];
  label: string;
  /** The character of its bar without colour. */
  fill: string;
  /** Its colours as the numbers of an SGR escape sequence. */
  sgr: string;
};

const OTHER: Kind = { words: [], label: 'other', fill: '+', sgr: '30;47' };

export const KINDS: readonly Kind[] = [
  { words: ['rustc', 'cargo'], label: 'cargo', fill: '=', sgr: '30;43' },
  { words: ['pip'], label: 'pip', fill: '#', sgr: '97;44' },
  { words: ['go'], label: 'go', fill: '~', sgr: '30;46' },
  { words: ['cc'], label: 'cc', fill: '-', sgr: '30;42' },
  OTHER,
];

/** `cc:lexer.o` and `pip alpha` give cc and pip; what is not in the table is `other`. */
export function kindOf(name: string): Kind {
  const [word = ''] = name.split(/[ :]/);
  return KINDS.find(({ words }) => words.includes(word)) ?? OTHER;
}
