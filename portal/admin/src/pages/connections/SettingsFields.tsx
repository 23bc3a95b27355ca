/** Everything of a connection that rarely needs to be touched, folded away. */
import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Field,
  Input,
  Select,
  Switch,
} from "@fluentui/react-components";
import { useWords } from "../../messages/LanguageProvider.tsx";
import { LogoField } from "./LogoField.tsx";
import { changedAt, type EhrKind, groupsFor, type SettingField, type Settings, valueAt } from "./settings.ts";

interface SettingsFieldsProps {
  readonly kind: EhrKind;
  readonly settings: Settings;
  readonly change: (settings: Settings) => void;
}

export function SettingsFields({ kind, settings, change }: SettingsFieldsProps) {
  const { t } = useWords();
  return (
    <Accordion collapsible multiple>
      {groupsFor(kind).map((group) => (
        <AccordionItem key={group.title} value={group.title}>
          <AccordionHeader as="h3" size="medium">
            {t(group.title)}
          </AccordionHeader>
          <AccordionPanel>
            <p className="quiet small">{t(group.hint)}</p>
            <div className="fields">
              {group.fields.map((field) => (
                <One
                  key={field.path}
                  field={field}
                  value={valueAt(settings, field.path)}
                  change={(text) => change(changedAt(settings, field, text))}
                />
              ))}
            </div>
          </AccordionPanel>
        </AccordionItem>
      ))}
    </Accordion>
  );
}

interface OneProps {
  readonly field: SettingField;
  readonly value: string;
  readonly change: (text: string) => void;
}

function One({ field, value, change }: OneProps) {
  const { t } = useWords();
  const label = t(field.label);
  if (field.kind === "logo") {
    return <LogoField label={label} value={value} change={change} />;
  }
  if (field.kind === "switch") {
    return (
      <Switch
        label={label}
        checked={value === "true"}
        onChange={(_event, { checked }) => change(String(checked))}
      />
    );
  }
  if (field.kind === "choice") {
    return (
      <Field label={label}>
        <Select value={value} onChange={(_event, data) => change(data.value)}>
          {field.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label ? t(choice.label) : choice.value}
            </option>
          ))}
        </Select>
      </Field>
    );
  }
  return (
    <Field label={label}>
      <Input
        type={field.kind === "number" ? "number" : "text"}
        value={value}
        onChange={(_event, data) => change(data.value)}
      />
    </Field>
  );
}
