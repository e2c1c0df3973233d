// Our layout around the provider's frames.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CardState } from "../card";
import { blankFields, afterMessage, FIELDS, fieldUrl, HostedFields, type FieldName, type FieldStates } from "../fields";
import { brandName } from "../format";
import { messages } from "../messages";
import { Button, Notice, Spinner } from "./basics";

interface CardFieldsProps {
  origin: string;
  /** Which fields say that they are missing: none before the first press of the button. */
  showMissing: boolean;
  card: CardState;
  fields?: readonly FieldName[];
  /** Other words for an error of a field, where the usual ones speak of a payment. */
  fieldError?: (code: string) => string | undefined;
}

// Long enough for a slow line; after it the person is told instead of shown a spinner for ever.
const FIELDS_TIMEOUT_MS = 15_000;

export function CardFields({ origin, showMissing, card, fields = FIELDS, fieldError }: CardFieldsProps) {
  const { ready, refused, states, onStates, onHosted } = card;
  const late = useLate(!ready);
  // After the first paint, since what is to be read comes before what is to be filled in; and one frame at a time, each in a
  // turn of its own, since a telephone is busy with each for as long as a person would notice.
  const [begun, setBegun] = useState(0);
  useEffect(() => {
    const turn = begun < fields.length ? setTimeout(() => setBegun(begun + 1)) : undefined;
    return () => clearTimeout(turn);
  }, [begun, fields.length]);
  const container = useRef<HTMLDivElement>(null);
  const hosted = useMemo(
    () =>
      new HostedFields(origin, (field, message) => {
        onStates((present) => afterMessage(present, field, message));
        if ((message as { type?: unknown } | null)?.type === "fields.ready" && container.current) {
          hosted.style(field, fieldStyle(container.current));
        }
      }),
    [origin],
  );
  useEffect(() => {
    onStates(() => blankFields());
    onHosted(hosted);
    return () => hosted.close();
  }, [hosted]);
  useEffect(() => onSchemeChange(() => {
    for (const field of fields) if (container.current) hosted.style(field, fieldStyle(container.current));
  }), [hosted]);

  const sentence = (code: string): string => fieldError?.(code) ?? messages.pay.fieldError(code);
  const errorOf = (field: FieldName): string | undefined => {
    if (refused?.field === field) return sentence(refused.code);
    const { error, empty, complete } = states[field];
    if (error) return sentence(error);
    return showMissing && empty && !complete ? messages.pay.missing[field] : undefined;
  };
  return (
    <>
      <div class="card-fields" ref={container}>
        {fields.map((field, index) => (
          <Field key={field} field={field} src={index < begun ? fieldUrl(origin, field, location.origin) : undefined} error={errorOf(field)} state={states[field]} hosted={hosted} loading={index === 0 && !states[field].ready && !late} />
        ))}
      </div>
      {late && (
        <>
          <Notice tone="stop">{messages.pay.fieldsMissing}</Notice>
          <Button kind="plain" onClick={() => location.reload()}>{messages.tryAgain}</Button>
        </>
      )}
    </>
  );
}

interface FieldProps {
  field: FieldName;
  src: string | undefined;
  error: string | undefined;
  state: FieldStates[FieldName];
  hosted: HostedFields;
  /** Said where the field will be, so that nothing moves when it is there. */
  loading: boolean;
}

function Field({ field, src, error, state, hosted, loading }: FieldProps) {
  const label = messages.pay[field];
  const { ready } = state;
  // A label and an error out here do not reach an input in there.
  useEffect(() => {
    const { lang } = document.documentElement;
    if (ready) hosted.say(field, { lang, label, error: error ?? "" });
  }, [hosted, field, label, ready, error]);
  const look = `field-box${state.focused ? " focused" : ""}${error ? " wrong" : ""}`;
  return (
    <div class={`field ${field}`}>
      {/* A label cannot reach into another origin: a press on it is passed on by message. */}
      <span class="label" onClick={() => hosted.focus(field)}>{label}</span>
      <div class={look}>
        {src && <iframe class={ready ? "" : "unready"} ref={(frame) => hosted.attach(field, frame)} name={`proof-card-${field}`} title={label} src={src} sandbox="allow-scripts allow-same-origin allow-forms" scrolling="no" aria-describedby={`card-${field}-error`} />}
        {loading && <p class="fields-loading muted small" role="status"><Spinner /> {messages.pay.fieldsLoading}</p>}
        {field === "number" && state.brand && <span class="brand">{brandName(state.brand)}</span>}
      </div>
      <p class="field-error" id={`card-${field}-error`} role="alert">{error}</p>
    </div>
  );
}

function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!waiting) return;
    const timer = setTimeout(() => setLate(true), FIELDS_TIMEOUT_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return late && waiting;
}

/** Our tokens as plain values: custom properties do not cross into another document. */
function fieldStyle(element: Element): Record<string, string> {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    color: token("--text"),
    background: "transparent",
    placeholder: token("--muted"),
    danger: token("--stop"),
    fontSize: token("--typed"),
    fontFamily: "system-ui, sans-serif",
    scheme: token("--scheme"),
  };
}

function onSchemeChange(listener: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
