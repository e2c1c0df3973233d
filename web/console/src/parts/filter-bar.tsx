// The search field and the choices above a list. What they say is the address.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../core/keys";
import type { Choice } from "./field";
import { Icon } from "./icons";

// As long as somebody types, nothing is asked.
const PAUSE_MS = 300;

export function FilterBar({ children, label }: { children: ComponentChildren; label: string }) {
  return <div class="filters" role="search" aria-label={label}>{children}</div>;
}

export function SearchField({ value, onSearch, label, placeholder }: { value: string; onSearch: (value: string) => void; label: string; placeholder: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  const search = useRef(onSearch);
  search.current = onSearch;
  const asked = useRef(value);
  const ask = () => {
    asked.current = typed.trim();
    search.current(asked.current);
  };
  useEffect(() => {
    // What was asked here comes back as the value, when somebody may have typed on.
    if (value !== asked.current) setTyped(value);
    asked.current = value;
  }, [value]);
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(ask, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  useKeys({ "/": () => field.current?.select() });
  return (
    <label class="search">
      <Icon name="search" size={14} />
      <span class="aloud">{label}</span>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder={placeholder}
        spellcheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") ask();
          // Out of the field, so that `j` and `k` walk the rows again.
          if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

interface FilterSelectProps {
  label: string;
  value: string;
  choices: Choice[];
  /** What stands there while nothing is chosen. */
  all?: string;
  onSelect: (value: string) => void;
}

export function FilterSelect({ label, value, choices, all = "Any", onSelect }: FilterSelectProps) {
  return (
    <label class={`filter${value === "" ? "" : " is-on"}`}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onSelect(event.currentTarget.value)}>
        <option value="">{all}</option>
        {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </select>
    </label>
  );
}

/** A day, UTC, as all days of the console. */
export function FilterDay({ label, value, onSelect }: { label: string; value: string; onSelect: (value: string) => void }) {
  return (
    <label class={`filter${value === "" ? "" : " is-on"}`}>
      <span>{label}</span>
      <input type="date" value={value} onChange={(event) => onSelect(event.currentTarget.value)} />
    </label>
  );
}
