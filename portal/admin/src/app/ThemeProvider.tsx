/** Light or dark as the system is set; forced colours are left to the browser and to Fluent. */
import { createDOMRenderer, FluentProvider, RendererProvider } from "@fluentui/react-components";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { useWords } from "../messages/LanguageProvider.tsx";
import { dark, light } from "./theme.ts";

// Rules are put in through the object model into style elements that stay empty: the policy allows just those.
const renderer = createDOMRenderer(document);
const wish = window.matchMedia("(prefers-color-scheme: dark)");

function follow(changed: () => void): () => void {
  wish.addEventListener("change", changed);
  return () => wish.removeEventListener("change", changed);
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const isDark = useSyncExternalStore(follow, () => wish.matches);
  const { direction } = useWords();
  const theme = isDark ? dark : light;
  useEffect(() => {
    // What shows beyond the page when it is pulled or shorter than the window.
    document.documentElement.style.backgroundColor = theme.colorNeutralBackground2;
  }, [theme]);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider
        theme={theme}
        dir={direction}
        className="provider"
        data-theme={isDark ? "dark" : "light"}
      >
        {children}
      </FluentProvider>
    </RendererProvider>
  );
}
