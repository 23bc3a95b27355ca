/** Where an arrow key leads in a row of things, in either direction of writing; round the ends. */
export function steppedTo(key: string, at: number, count: number, direction: "ltr" | "rtl"): number {
  const forwards = direction === "ltr" ? "ArrowRight" : "ArrowLeft";
  const backwards = direction === "ltr" ? "ArrowLeft" : "ArrowRight";
  switch (key) {
    case forwards:
      return (at + 1) % count;
    case backwards:
      return (at - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return at;
  }
}
