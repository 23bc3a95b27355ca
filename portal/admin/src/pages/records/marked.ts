/** Where two texts differ, so that the difference can be marked: what they share before and after it. */

export interface Marked {
  readonly before: string;
  readonly differing: string;
  readonly after: string;
}

// Whole mnemonics and whole groups of an id are what an analyst compares, not letters.
const BORDER = /(?<=[%=&/;?-])|(?=[%=&/;?-])/u;

function pieces(text: string): string[] {
  return text === "" ? [] : text.split(BORDER);
}

function shared(one: readonly string[], other: readonly string[]): number {
  const different = one.findIndex((piece, place) => piece !== other[place]);
  return different === -1 ? one.length : different;
}

/** `found` cut in three: the middle is what `expected` does not have there. */
export function marked(found: string, expected: string): Marked {
  const [mine, theirs] = [pieces(found), pieces(expected)];
  const start = Math.min(shared(mine, theirs), theirs.length);
  const rest = [mine.slice(start).reverse(), theirs.slice(start).reverse()] as const;
  const end = Math.min(shared(rest[0], rest[1]), rest[1].length);
  return {
    before: mine.slice(0, start).join(""),
    differing: mine.slice(start, mine.length - end).join(""),
    after: end === 0 ? "" : mine.slice(mine.length - end).join(""),
  };
}
