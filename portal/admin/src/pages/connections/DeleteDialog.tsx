/** Deleting a connection: what it means, and its name to be typed. */
import { Button, Field, Input } from "@fluentui/react-components";
import { type FormEvent, useState } from "react";
import { type Connection, useConnectionChange } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { Modal } from "../../parts/Modal.tsx";
import { ProblemNotice } from "../../parts/ProblemNotice.tsx";
import { nameOf } from "./names.ts";

export function DeleteDialog({ connection, close }: { connection: Connection; close: () => void }) {
  const { t } = useWords();
  const [typed, setTyped] = useState("");
  const name = nameOf(connection);
  const removal = useConnectionChange((api, { id, version }: Connection) =>
    api.DELETE("/api/connections/{id}", { params: { path: { id } }, body: { version } }),
  );
  const isNamed = typed.trim() === name;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isNamed) {
      removal.mutate(connection, { onSuccess: close });
    }
  };
  return (
    <Modal title={t("delete.title")} close={close}>
      <form className="stack" onSubmit={submit}>
        <p className="url">{connection.fhirBaseUrl}</p>
        <p>{t("delete.means")}</p>
        <Field
          label={
            <>
              {t("delete.type")} <code>{name}</code>
            </>
          }
        >
          <Input
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(_event, { value }) => setTyped(value)}
          />
        </Field>
        <ProblemNotice error={removal.error} />
        <div className="row">
          <Button type="submit" appearance="primary" disabledFocusable={!isNamed || removal.isPending}>
            {t("delete.do")}
          </Button>
          <Button onClick={close}>{t("cancel")}</Button>
        </div>
      </form>
    </Modal>
  );
}
