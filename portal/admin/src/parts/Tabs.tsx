/** Tabs (WAI-ARIA Authoring Practices, with automatic activation): arrow keys move, Home and End jump. */
import { type KeyboardEvent, useRef } from "react";
import { useWords } from "../messages/LanguageProvider.tsx";
import { steppedTo } from "./steps.ts";

interface TabsProps {
  readonly label: string;
  readonly panel: string;
  readonly tabs: readonly { readonly value: string; readonly label: string }[];
  readonly selected: string;
  readonly select: (value: string) => void;
}

export function tabId(value: string): string {
  return `tab-${value}`;
}

export function Tabs({ label, panel, tabs, selected, select }: TabsProps) {
  const { direction } = useWords();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ value }) => value === selected);
    const next = tabs[steppedTo(event.key, at, tabs.length, direction)];
    if (next && next.value !== selected) {
      event.preventDefault();
      select(next.value);
      list.current?.querySelector<HTMLElement>(`#${tabId(next.value)}`)?.focus();
    }
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={list}>
      {tabs.map(({ value, label: words }) => (
        <button
          key={value}
          id={tabId(value)}
          type="button"
          role="tab"
          aria-selected={value === selected}
          aria-controls={panel}
          tabIndex={value === selected ? 0 : -1}
          onClick={() => select(value)}
          onKeyDown={move}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
