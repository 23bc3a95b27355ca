/** How far visits come, from launch to finish: as a chart, as a table, as CSV. Nobody is named. */
import { Button, Field, Input, Select } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { body } from "../../api/client.ts";
import { queried } from "../../api/query.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { download } from "../../parts/download.ts";
import { Page } from "../../parts/Page.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { Working } from "../../parts/Working.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { Chart } from "./Chart.tsx";
import { type FunnelDay, funnelCsv, lastDays, STEPS } from "./funnel.ts";

const FOLLOW_MS = 30_000;

export default function Visits() {
  const { t } = useWords();
  const { api } = useTenant();
  const [range, setRange] = useState(() => lastDays(1, new Date()));
  const asked = useQuery({
    queryKey: ["funnel", range],
    queryFn: () => body(api.GET("/api/visits/funnel", { params: queried(range) })),
    refetchInterval: FOLLOW_MS,
  });
  const set = (part: Partial<typeof range>): void => setRange((before) => ({ ...before, ...part }));
  return (
    <Page title={t("visits.title")} lead={t("visits.lead")}>
      <div className="stack wide">
        <div className="row filters">
          <Field label={t("visits.from")}>
            <Input
              type="date"
              value={range.from}
              max={range.to}
              onChange={(_event, { value }) => value && set({ from: value })}
            />
          </Field>
          <Field label={t("visits.to")}>
            <Input
              type="date"
              value={range.to}
              min={range.from}
              onChange={(_event, { value }) => value && set({ to: value })}
            />
          </Field>
          <Button onClick={() => setRange(lastDays(1, new Date()))}>{t("visits.today")}</Button>
          <Button onClick={() => setRange(lastDays(7, new Date()))}>{t("visits.week")}</Button>
        </div>
        <ProblemNotice error={asked.error} again={() => void asked.refetch()} />
        {asked.isPending && <Working />}
        {asked.data && <Found days={asked.data.days} smallest={asked.data.smallest} range={range} />}
      </div>
    </Page>
  );
}

interface FoundProps {
  readonly days: readonly FunnelDay[];
  readonly smallest: number;
  readonly range: { readonly from: string; readonly to: string };
}

function Found({ days, smallest, range }: FoundProps) {
  const { t, day } = useWords();
  const [department, setDepartment] = useState("");
  const departments = [...new Set(days.map((one) => one.department))].sort();
  const shown = days.filter((one) => !department || one.department === department);
  const named = (code: string): string => code || t("visits.noDepartment");
  const hidden = t("visits.hidden", { smallest });
  const columns: Column<FunnelDay>[] = [
    { key: "day", title: t("visits.day"), isHeader: true, cell: (one) => day(one.day) },
    { key: "department", title: t("visits.department"), cell: (one) => named(one.department) },
    ...STEPS.map(({ name, label }) => ({
      key: name,
      title: t(label),
      isNumber: true,
      cell: (one: FunnelDay) => one[name] ?? hidden,
    })),
  ];
  const save = (): void =>
    download(
      `visits-${range.from}-${range.to}.csv`,
      "text/csv",
      funnelCsv(
        shown,
        columns.map(({ title }) => title),
        hidden,
      ),
    );
  if (days.length === 0) {
    return <p>{t("visits.none")}</p>;
  }
  return (
    <>
      <div className="row filters">
        <Field label={t("visits.department")}>
          <Select value={department} onChange={(_event, { value }) => setDepartment(value)}>
            <option value="">{t("visits.allDepartments")}</option>
            {departments.filter(Boolean).map((code) => (
              <option key={code} value={code}>
                {code}
              </option>
            ))}
          </Select>
        </Field>
        <Button icon={<ArrowDownloadRegular />} onClick={save}>
          {t("csv")}
        </Button>
      </div>
      <Chart days={shown} />
      <div>
        <DataTable
          caption={t("visits.title")}
          columns={columns}
          rows={shown}
          rowKey={(one) => `${one.day} ${one.department}`}
        />
      </div>
      <p className="quiet small">{t("visits.small", { smallest })}</p>
    </>
  );
}
