// The few things that every script of these pages does with the document.

/** The element that the template promises; without it the page is not ours. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`#${id} is not in the page`);
  return found as T;
}

/** Sets a text only if it is another one: screen readers announce what is set. */
export function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A new element with a class and a text. */
export function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Calls `then` when the button is pressed. */
export function pressed(id: string, then: () => unknown): HTMLButtonElement {
  const button = part<HTMLButtonElement>(id);
  button.addEventListener("click", () => void then());
  return button;
}
