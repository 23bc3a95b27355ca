/** Starts the portal: its configuration, then the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { BrokenStart } from "./app/BrokenStart.tsx";
import { loadConfig } from "./app/config.ts";
import { LanguageProvider } from "./messages/LanguageProvider.tsx";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/tables.css";
import "./styles/pages.css";

const place = document.getElementById("root");
if (place === null) {
  throw new Error("the page has no root");
}
const root = createRoot(place);
loadConfig().then(
  (config) =>
    root.render(
      <StrictMode>
        <LanguageProvider>
          <App config={config} />
        </LanguageProvider>
      </StrictMode>,
    ),
  (error: unknown) =>
    root.render(
      <LanguageProvider>
        <BrokenStart why={String(error)} />
      </LanguageProvider>,
    ),
);
