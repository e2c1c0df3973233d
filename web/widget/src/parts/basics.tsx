// The few pieces that every screen is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icons";

let drawnOnce = false;

interface ScreenProps {
  title: string;
  icon?: ComponentChildren;
  /** Which part of a screen that has several is shown. What was pressed to come here is gone, and the focus with it. */
  part?: string;
  children?: ComponentChildren;
}

/**
 * A screen with its heading. The focus moves there on every change but the first: loading must not take it from the shop's page. And the first one
 * has come from nowhere, so it stands still at once, and is not painted twice.
 */
export function Screen({ title, icon, part, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [follows] = useState(drawnOnce);
  useEffect(() => {
    if (drawnOnce) heading.current?.focus();
    drawnOnce = true;
  }, [part]);
  return (
    <section class={follows ? "screen arriving" : "screen"}>
      {icon}
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </section>
  );
}

type Tone = "ok" | "wait" | "stop" | "info";
const TONE_ICONS: Record<Tone, IconName> = { ok: "check", wait: "wait", stop: "warn", info: "info" };

interface NoticeProps {
  tone: Tone;
  title?: string;
  icon?: IconName;
  children?: ComponentChildren;
}

export function Notice({ tone, title, icon = TONE_ICONS[tone], children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "stop" ? "alert" : "status"}>
      <Icon name={icon} size={18} />
      <div>
        {title && <strong>{title}</strong>}
        {children && <p>{children}</p>}
      </div>
    </div>
  );
}

export const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div><dt>{name}</dt><dd>{children}</dd></div>
);

export function Badge({ tone }: { tone: Tone }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={tone === "stop" ? "stop" : TONE_ICONS[tone]} size={24} />
    </span>
  );
}

export interface ButtonProps {
  onClick: () => void;
  children: ComponentChildren;
  kind?: "primary" | "plain" | "quiet";
  busy?: boolean;
  disabled?: boolean;
}

/** One that waits keeps the focus, so that a keyboard does not lose its place: it is not `disabled`, it only does nothing. */
export function Button({ onClick, children, kind = "primary", busy = false, disabled = false }: ButtonProps) {
  const waits = disabled || busy;
  return (
    <button type="button" class={`button ${kind}`} onClick={() => waits || onClick()} aria-disabled={waits || undefined} aria-busy={busy}>
      {busy && <Spinner />}
      {children}
    </button>
  );
}

export const Spinner = () => <span class="spinner" aria-hidden="true" />;

/** In the place of what is on its way. */
export const Bone = ({ look }: { look: string }) => <svg class={look} aria-hidden="true"><rect width="100%" height="100%" /></svg>;

/** A waiting screen: calm, with words that say for what. */
export function Waiting({ words }: { words: { title: string; text: string } }) {
  return (
    <Screen title={words.title} icon={<span class="badge wait"><Spinner /></span>}>
      <p class="muted" role="status">{words.text}</p>
    </Screen>
  );
}
