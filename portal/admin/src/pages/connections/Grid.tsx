/** The grid of connections, each row editable in place. */
import { Button } from "@fluentui/react-components";
import { EditRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { body } from "../../api/client.ts";
import { type Connection, useConnectionChange } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { type Column, DataTable } from "../../parts/DataTable.tsx";
import { EnvironmentTag } from "../../parts/EnvironmentTag.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { StateBadge } from "../../parts/StateBadge.tsx";
import { TextLink } from "../../parts/TextLink.tsx";
import { useTenant } from "../../session/TenantProvider.tsx";
import { ConnectionForm, type Entered } from "./ConnectionForm.tsx";
import { DeleteDialog } from "./DeleteDialog.tsx";
import { RowMenu } from "./RowMenu.tsx";

interface Change {
  readonly connection: Connection;
  readonly entered: Entered;
}

export function Grid({ connections, isTested }: { connections: readonly Connection[]; isTested: boolean }) {
  const { t, dateTime } = useWords();
  const { me } = useTenant();
  const [edited, setEdited] = useState<Connection>();
  const [deleted, setDeleted] = useState<Connection>();
  const edition = useConnectionChange((api, { connection, entered }: Change) =>
    body(
      api.PUT("/api/connections/{id}", {
        params: { path: { id: connection.id } },
        body: { ...entered, version: connection.version },
      }),
    ),
  );
  const pause = useConnectionChange((api, { id, suspended }: Connection) =>
    suspended
      ? body(api.POST("/api/connections/{id}/resume", { params: { path: { id } } }))
      : body(api.POST("/api/connections/{id}/suspend", { params: { path: { id } }, body: { reason: "" } })),
  );
  const edit = (connection: Connection | undefined): void => {
    edition.reset();
    setEdited(connection);
  };

  const columns: Column<Connection>[] = [
    { key: "url", title: t("field.url"), isHeader: true, cell: (one) => <Address connection={one} /> },
    {
      key: "environment",
      title: t("field.environment"),
      cell: ({ environment }) => <EnvironmentTag environment={environment} />,
    },
    {
      key: "approver",
      title: t("field.approver"),
      cell: ({ approverName }) => (
        <span className="breakable">{approverName ?? t("field.approverGone")}</span>
      ),
    },
    { key: "state", title: t("field.state"), cell: (one) => <State connection={one} /> },
    { key: "changed", title: t("field.changed"), cell: ({ changed }) => dateTime(changed) },
    {
      key: "actions",
      title: t("field.actions"),
      cell: (one) => (
        <div className="row tight fixed">
          {me.isAdmin && (
            <Button
              size="small"
              icon={<EditRegular />}
              aria-label={t("connections.editWhich", { url: one.fhirBaseUrl })}
              onClick={() => edit(one)}
            >
              {t("edit")}
            </Button>
          )}
          <RowMenu
            connection={one}
            isAdmin={me.isAdmin}
            pause={() => pause.mutate(one)}
            remove={() => setDeleted(one)}
          />
        </div>
      ),
    },
  ];
  const form = (one: Connection) =>
    edited?.id === one.id && (
      <ConnectionForm
        title={t("connections.edit")}
        start={{
          fhirBaseUrl: edited.fhirBaseUrl,
          environment: edited.environment,
          approver: edited.approverName ?? edited.approver,
          ehrKind: edited.ehrKind,
          settings: edited.settings,
        }}
        submitLabel={t("connections.save")}
        isTested={isTested}
        error={edition.error}
        isBusy={edition.isPending}
        submit={(entered) =>
          edition.mutate({ connection: edited, entered }, { onSuccess: () => edit(undefined) })
        }
        cancel={() => edit(undefined)}
      />
    );
  return (
    <>
      <ProblemNotice error={pause.error} />
      <DataTable
        caption={t("connections.title")}
        columns={columns}
        rows={connections}
        rowKey={({ id }) => id}
        below={form}
      />
      {deleted && <DeleteDialog connection={deleted} close={() => setDeleted(undefined)} />}
    </>
  );
}

function Address({ connection }: { connection: Connection }) {
  return (
    <span className="url">
      <TextLink to={`/approve/${connection.id}`}>{connection.fhirBaseUrl}</TextLink>
    </span>
  );
}

function State({ connection }: { connection: Connection }) {
  const { t } = useWords();
  return (
    <div className="stack tight">
      <span className="row tight">
        <StateBadge state={connection.state} />
        {connection.suspended && <StateBadge state="suspended" />}
      </span>
      {connection.state === "sent back" && connection.reason && (
        <span className="small">{t("connections.reason", { reason: connection.reason })}</span>
      )}
      {connection.state !== "approved" && connection.approvedFingerprint && (
        <span className="small">{t("connections.oldOneLaunches")}</span>
      )}
    </div>
  );
}
