/** Everything of the organisation as one file, read page by page. */
import { Button } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Api, body, type Schemas } from "../../api/client.ts";
import { queried } from "../../api/query.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { download } from "../../parts/download.ts";
import { Notice } from "../../parts/Notice.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";

type Whole = Omit<Schemas["ExportOut"], "next">;

async function everything(api: Api, tell: (count: number) => void): Promise<Whole> {
  const { next, ...whole } = await body(api.GET("/api/tenant/export"));
  for (let after = next; after; ) {
    tell(whole.rows.length);
    const page = await body(api.GET("/api/tenant/export", { params: queried({ after }) }));
    whole.rows.push(...page.rows);
    after = page.next;
  }
  return whole;
}

export function Takeout() {
  const { t } = useWords();
  const { api } = useTenant();
  const [count, setCount] = useState(0);
  const taking = useMutation({
    mutationFn: () => everything(api, setCount),
    onSuccess: (whole) =>
      download(
        `connector-${whole.geography}-${whole.exported.slice(0, 10)}.json`,
        "application/json",
        `${JSON.stringify(whole, null, 2)}\n`,
      ),
  });
  return (
    <section className="stack">
      <h2>{t("takeout.title")}</h2>
      <p>{t("takeout.lead")}</p>
      <div className="row">
        <Button
          icon={<ArrowDownloadRegular />}
          disabledFocusable={taking.isPending}
          onClick={() => taking.mutate()}
        >
          {t("takeout.do")}
        </Button>
      </div>
      {taking.isPending && <p className="quiet">{t("takeout.under", { count })}</p>}
      {taking.data && <Notice tone="good" title={t("takeout.done", { count: taking.data.rows.length })} />}
      <ProblemNotice error={taking.error} />
    </section>
  );
}
