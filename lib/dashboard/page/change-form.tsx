/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import type { RuleNow } from "#lib/dashboard/model";
import { FIELDS, LENGTHS, limitsOf } from "./draft.ts";
import type { Draft } from "./steps.ts";

interface Props {
  readonly draft: Draft;
  readonly rules: readonly RuleNow[];
  readonly onDraft: (fields: Partial<Draft>) => void;
  /** Called when the form is complete. */
  readonly onSubmit: () => void;
}

/** The form in which an admin sets an entry. */
export function ChangeForm({ draft, rules, onDraft, onSubmit }: Props) {
  const { action } = draft;
  const own = rules.filter(({ isInPolicy }) => isInPolicy).map(({ name }) => name);
  const limits = limitsOf(rules, draft.rule);
  const set = (name: keyof Draft) => (value: string) => onDraft({ [name]: value });
  const inputs: Readonly<Partial<Record<keyof Draft, ComponentChildren>>> = {
    client: (
      <Text
        key="client"
        label={
          action === "override" ? "Client key or address" : "Client key, address or CIDR block"
        }
        placeholder={action === "override" ? "every client" : "203.0.113.0/24"}
        isOptional={action === "override"}
        value={draft.client}
        onInput={set("client")}
      />
    ),
    rule: (
      <Choice
        key="rule"
        label="Rule"
        value={draft.rule}
        options={[["", action === "mode" ? "everything" : "choose"], ...own.map(twice)]}
        isOptional={action === "mode"}
        onChange={(rule) => onDraft({ rule, limit: "" })}
      />
    ),
    limit: limits.length > 1 && (
      <Choice
        key="limit"
        label="Limit"
        value={draft.limit}
        options={[["", "every limit"], ...limits.map(twice)]}
        isOptional
        onChange={set("limit")}
      />
    ),
    to: (
      <Text
        key="to"
        label="Units, a factor, or unlimited"
        placeholder="2x"
        value={draft.to}
        onInput={set("to")}
      />
    ),
    mode: (
      <Choice
        key="mode"
        label="Mode"
        value={draft.mode}
        options={["enforce", "shadow", "off"].map(twice)}
        onChange={set("mode")}
      />
    ),
  };
  return (
    <form
      class="controls change"
      aria-label="Set something"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Choice label="Set" value={action} options={ACTIONS} onChange={set("action")} />
      {FIELDS[action].map((name) => inputs[name])}
      <Choice label="For" value={draft.for} options={LENGTHS.map(twice)} onChange={set("for")} />
      <Text label="Reason" value={draft.reason} onInput={set("reason")} />
      <button type="submit">Continue</button>
    </form>
  );
}

const ACTIONS: readonly Option[] = [
  ["block", "a block"],
  ["allow", "an allowed client"],
  ["override", "another limit"],
  ["mode", "a mode"],
];

/** A value and its label. */
type Option = readonly [value: string, words: string];

function twice(text: string): Option {
  return [text, text];
}

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string;
  readonly isOptional?: boolean;
}

function Text({ label, isOptional, onInput, ...input }: TextProps) {
  return (
    <label>
      {label}
      <input
        type="text"
        required={!isOptional}
        maxLength={200}
        spellcheck={false}
        autocomplete="off"
        {...input}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
  readonly isOptional?: boolean;
}

function Choice({ label, value, options, isOptional, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select
        required={!isOptional}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      >
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
