// Form fields with their label, hint and error, and the summary of what is wrong above the form.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { SendProblem } from "./basics";

interface Shell {
  id: string;
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  wide?: boolean;
}

interface InputProps extends Shell {
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "email" | "password" | "url" | "date" | "search";
  autoComplete?: string;
  inputMode?: "text" | "numeric" | "decimal" | "email" | "url";
  required?: boolean;
  maxLength?: number;
  pattern?: string;
  mono?: boolean;
  placeholder?: string;
}

const described = ({ id, hint, error }: Shell): string | undefined =>
  [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ") || undefined;

function Around({ id, label, hint, error, wide, children }: Shell & { children: ComponentChildren }) {
  return (
    <div class={`field${error ? " wrong" : ""}${wide ? " wide" : ""}`}>
      <label for={id}>{label}</label>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p class="field-error" id={`${id}-error`}>{error}</p>}
      {children}
    </div>
  );
}

export function Input({ value, onInput, type = "text", mono, required, ...rest }: InputProps) {
  const { id, label, hint, error, wide, ...more } = rest;
  const shell: Shell = { id, label, ...(hint ? { hint } : {}), error, ...(wide ? { wide } : {}) };
  return (
    <Around {...shell}>
      <input
        {...more}
        id={id}
        class={mono ? "mono" : undefined}
        // The types of elements want one literal each.
        type={type as "text"}
        value={value}
        required={required ?? true}
        spellcheck={false}
        autoCapitalize="off"
        aria-invalid={error ? true : undefined}
        aria-describedby={described(shell)}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Around>
  );
}

interface AreaProps extends Shell {
  value: string;
  onInput: (value: string) => void;
  rows?: number;
  required?: boolean;
  maxLength?: number;
  mono?: boolean;
}

export function Area({ value, onInput, rows = 3, required = true, maxLength, mono, ...shell }: AreaProps) {
  return (
    <Around {...shell}>
      <textarea
        id={shell.id}
        class={mono ? "mono" : undefined}
        rows={rows}
        value={value}
        required={required}
        spellcheck={!mono}
        {...(maxLength ? { maxLength } : {})}
        aria-invalid={shell.error ? true : undefined}
        aria-describedby={described(shell)}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Around>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function Select({ value, onInput, choices, ...shell }: Shell & { value: string; onInput: (value: string) => void; choices: Choice[] }) {
  return (
    <Around {...shell}>
      <select
        id={shell.id}
        value={value}
        aria-invalid={shell.error ? true : undefined}
        aria-describedby={described(shell)}
        onChange={(event) => onInput(event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Around>
  );
}

interface CheckProps {
  id: string;
  label: ComponentChildren;
  checked: boolean;
  onInput: (checked: boolean) => void;
  disabled?: boolean;
}

export function Check({ id, label, checked, onInput, disabled = false }: CheckProps) {
  return (
    <label class="check" for={id}>
      <input id={id} type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onInput(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

export interface Wrong {
  field: string;
  message: string;
}

/** What is wrong, first; each line leads to its field. */
export function ErrorSummary({ wrongs, problem }: { wrongs: Wrong[]; problem?: unknown }) {
  const box = useRef<HTMLDivElement>(null);
  const text = wrongs.map((wrong) => wrong.message).join("\n");
  useEffect(() => {
    if (text !== "" || problem !== undefined) box.current?.focus();
  }, [text, problem]);
  if (wrongs.length === 0 && problem === undefined) return null;
  if (wrongs.length === 0) return <div tabIndex={-1} ref={box}><SendProblem problem={problem} /></div>;
  return (
    <div class="error-summary" role="alert" tabIndex={-1} ref={box}>
      <h2>There is a problem</h2>
      <ul>
        {wrongs.map(({ field, message }) => (
          <li key={field}>
            <a href={`#${field}`} onClick={(event) => { event.preventDefault(); document.getElementById(field)?.focus(); }}>{message}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}
