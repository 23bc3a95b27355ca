/** What else can be done with a connection. */
import {
  Menu,
  MenuButton,
  MenuDivider,
  MenuItem,
  MenuItemLink,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import type { MouseEvent } from "react";
import { useNavigate } from "react-router";
import type { Connection } from "../../api/queries.ts";
import { useWords } from "../../messages/LanguageProvider.tsx";

interface RowMenuProps {
  readonly connection: Connection;
  readonly isAdmin: boolean;
  readonly pause: () => void;
  readonly remove: () => void;
}

export function RowMenu({ connection, isAdmin, pause, remove }: RowMenuProps) {
  const { t } = useWords();
  const { id, fhirBaseUrl, suspended } = connection;
  return (
    <Menu inline>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton size="small" aria-label={t("connections.moreWhich", { url: fhirBaseUrl })}>
          {t("more")}
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <PageItem to={`/approve/${id}`} label={t("nav.approval")} />
          <PageItem to={`/records/${id}`} label={t("nav.records")} />
          <PageItem to={`/test/${id}`} label={t("nav.test")} />
          <PageItem to={`/history/${id}`} label={t("nav.history")} />
          {isAdmin && (
            <>
              <MenuDivider />
              <MenuItem onClick={pause}>
                {suspended ? t("connections.resume") : t("connections.suspend")}
              </MenuItem>
              <MenuItem onClick={remove}>{t("connections.delete")}</MenuItem>
            </>
          )}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function PageItem({ to, label }: { to: string; label: string }) {
  const navigate = useNavigate();
  const go = (event: MouseEvent): void => {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      navigate(to);
    }
  };
  return (
    <MenuItemLink href={to} onClick={go}>
      {label}
    </MenuItemLink>
  );
}
