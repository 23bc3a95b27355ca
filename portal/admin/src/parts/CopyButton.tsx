/** Copies a text and says so, to the eye and to assistive technology. */
import { Button, type ButtonProps } from "@fluentui/react-components";
import { CheckmarkRegular, CopyRegular } from "@fluentui/react-icons";
import { useEffect, useState } from "react";
import { useWords } from "../messages/LanguageProvider.tsx";

const SHOWN_MS = 2500;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for those who do not see what stands beside the button. */
  readonly what: string;
  readonly label?: string;
  readonly appearance?: ButtonProps["appearance"];
}

export function CopyButton({ text, what, label, appearance = "secondary" }: CopyButtonProps) {
  const { t } = useWords();
  const [outcome, setOutcome] = useState<"" | "copied" | "failed">("");

  useEffect(() => {
    const timer = outcome ? setTimeout(() => setOutcome(""), SHOWN_MS) : undefined;
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome("copied"),
      () => setOutcome("failed"),
    );
  };
  const said = outcome === "copied" ? t("copied") : outcome === "failed" ? t("copyFailed") : "";
  return (
    <span className="copy">
      <Button
        appearance={appearance}
        icon={outcome === "copied" ? <CheckmarkRegular /> : <CopyRegular />}
        aria-label={label ? undefined : t("copyWhat", { what })}
        onClick={copy}
      >
        {label ?? t("copy")}
      </Button>
      <span role="status" className={outcome === "failed" ? "small" : "visually-hidden"}>
        {said && `${what}: ${said}`}
      </span>
    </span>
  );
}
