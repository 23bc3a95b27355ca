/** HTML from templates in which every value is escaped, unless it is HTML already. */

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Content = Html | string | number | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function rendered(content: Content): string {
  if (content === undefined) {
    return "";
  }
  if (content instanceof Html) {
    return content.text;
  }
  return Array.isArray(content) ? content.map(rendered).join("") : escaped(String(content));
}

/** Template tag: html`<p>${name}</p>`. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(rendered)));
}

/** Text that is HTML (or a style sheet, or a script) already; never for what came from outside. */
export function trusted(text: string): Html {
  return new Html(text);
}
