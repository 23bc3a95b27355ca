// The words of the page: the server has put those that scripts need, in the person's language, into the page.
import type pages from "../../shared/messages/pages.json";

/** The name of a message; a misspelt one does not compile. */
export type Word = keyof typeof pages;

export type Words = Readonly<Partial<Record<Word, string>>>;

/** The text of a message, with `{names}` replaced. */
export function fill(text: string, values: Readonly<Record<string, string>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

let kept: Words | undefined;

/** A message in the page's language. */
export function say(word: Word, values: Readonly<Record<string, string>> = {}): string {
  kept ??= JSON.parse(document.getElementById("words")?.textContent ?? "{}") as Words;
  return fill(kept[word] ?? word, values);
}
