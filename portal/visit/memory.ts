// What a tab remembers over a refresh: results and a mark, never a ticket. Works without storage, too.

/** The memory of one visit in this tab. */
export class Memory {
  constructor(private readonly visit: string) {}

  read<T>(name: string): T | undefined {
    try {
      return JSON.parse(sessionStorage.getItem(`${this.visit} ${name}`) ?? "null") ?? undefined;
    } catch {
      return undefined;
    }
  }

  write(name: string, value: unknown): void {
    try {
      sessionStorage.setItem(`${this.visit} ${name}`, JSON.stringify(value));
    } catch {
      // A browser that keeps nothing loses the place of the test, not of the person.
    }
  }
}
