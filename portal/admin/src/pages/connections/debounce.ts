/** Waits until somebody has stopped typing. */

export interface Debounced<Value> {
  /** Passes the value on once nothing newer has come for the whole time. */
  readonly push: (value: Value) => void;
  readonly cancel: () => void;
}

export function debounced<Value>(milliseconds: number, act: (value: Value) => void): Debounced<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = (): void => clearTimeout(timer);
  return {
    cancel,
    push: (value) => {
      cancel();
      timer = setTimeout(() => act(value), milliseconds);
    },
  };
}
