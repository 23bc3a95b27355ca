/** The test launch: a checklist that runs for real, each line with its next step. */
import { Button, Field, Input, Spinner } from "@fluentui/react-components";
import {
  CheckmarkCircleFilled,
  DismissCircleFilled,
  PlayRegular,
  WarningFilled,
} from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useParams } from "react-router";
import { body, type Schemas } from "../../api/client.ts";
import { useConnection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import type { MessageKey } from "../../messages/language.ts";
import { ConnectionHead } from "../../parts/ConnectionHead.tsx";
import { CopyButton } from "../../parts/CopyButton.tsx";
import { Notice } from "../../parts/Notice.tsx";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

type Line = Schemas["TestLine"];

const TITLES: Readonly<Record<string, MessageKey>> = {
  ehr_reachable: "test.ehrReachable",
  key_published: "test.keyPublished",
  backend_token: "test.backendToken",
  graph_token: "test.graphToken",
  access_policy: "test.accessPolicy",
  notifications_reachable: "test.notifications",
  status_call: "test.statusCall",
};

const LOOKS = {
  green: { icon: CheckmarkCircleFilled, tone: "good", word: "test.green" },
  amber: { icon: WarningFilled, tone: "caution", word: "test.amber" },
  red: { icon: DismissCircleFilled, tone: "bad", word: "test.red" },
} as const satisfies Record<string, { icon: unknown; tone: string; word: MessageKey }>;

export default function TestLaunch() {
  const { t } = useWords();
  const { id = "" } = useParams();
  const { api } = useTenant();
  const connection = useConnection(id);
  const [clinician, setClinician] = useState("");
  const run = useMutation({
    mutationFn: (name: string) =>
      body(
        api.POST("/api/connections/{id}/test-launch", {
          params: { path: { id } },
          body: { clinician: name },
        }),
      ),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!run.isPending) {
      run.mutate(clinician.trim());
    }
  };
  return (
    <Page
      title={t("test.title")}
      lead={t("test.lead")}
      above={connection.data && <ConnectionHead connection={connection.data} />}
    >
      <div className="stack wide">
        <ProblemNotice error={connection.error} />
        <form className="card stack" onSubmit={submit}>
          <Field label={t("test.clinician")} hint={t("test.clinicianHint")}>
            <Input
              autoComplete="off"
              spellCheck={false}
              value={clinician}
              onChange={(_event, { value }) => setClinician(value)}
            />
          </Field>
          <div className="row">
            <Button
              type="submit"
              appearance="primary"
              icon={<PlayRegular />}
              disabledFocusable={run.isPending}
            >
              {t("test.run")}
            </Button>
            <span role="status">{run.isPending && <Spinner size="tiny" label={t("test.running")} />}</span>
          </div>
        </form>
        <ProblemNotice error={run.error} />
        {run.data && !run.isPending && <Checklist lines={run.data.lines} />}
      </div>
    </Page>
  );
}

function Checklist({ lines }: { lines: readonly Line[] }) {
  const { t } = useWords();
  const isAllGreen = lines.every(({ state }) => state === "green");
  const reds = lines.filter(({ state }) => state === "red").length;
  const ambers = lines.filter(({ state }) => state === "amber").length;
  return (
    <section className="stack" aria-label={t("test.title")}>
      <Notice
        tone={isAllGreen ? "good" : reds > 0 ? "bad" : "caution"}
        title={isAllGreen ? t("test.allGreen") : t("test.counted", { reds, ambers })}
      />
      <ol className="findings card">
        {lines.map((line) => (
          <One key={line.code} line={line} />
        ))}
      </ol>
    </section>
  );
}

function One({ line }: { line: Line }) {
  const { t } = useWords();
  const { icon: Icon, tone, word } = LOOKS[line.state as keyof typeof LOOKS] ?? LOOKS.amber;
  const title = TITLES[line.code];
  const commands = line.commands.join("\n");
  return (
    <li className={tone} data-line={line.code} data-state={line.state}>
      <Icon className="tone-icon" aria-hidden />
      <div className="stack tight">
        <p>
          <strong>{title ? t(title) : line.code}</strong> {t(word)}
        </p>
        <p>{line.said}</p>
        {line.nextStep && (
          <p>
            <strong>{t("nextStep")}</strong> {line.nextStep}
          </p>
        )}
        {line.reason && (
          <p className="quiet small">
            {t("code")} <code>{line.reason}</code>
          </p>
        )}
        {commands && (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
            <pre tabIndex={0}>{commands}</pre>
            <div>
              <CopyButton text={commands} what={t("test.commands")} label={t("test.copyCommands")} />
            </div>
          </>
        )}
      </div>
    </li>
  );
}
