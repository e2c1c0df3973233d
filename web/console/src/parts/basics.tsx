// The few pieces that every page is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { RefusedError, UnreachableError } from "../core/api";
import { PasskeyError } from "../core/passkey";
import { webAddress } from "../format";
import { Icon, type IconName } from "./icons";

export type Tone = "ok" | "wait" | "stop" | "info" | "accent";
const TONE_ICONS: Record<Tone, IconName> = { ok: "check", wait: "wait", stop: "warn", info: "info", accent: "info" };

interface PageProps {
  title: string;
  /** One primary action, at most. */
  action?: ComponentChildren;
  lead?: ComponentChildren;
  back?: { href: string; label: string };
  children: ComponentChildren;
}

let drawnOnce = false;

/** A page with its heading, which takes the focus when somebody comes here from another page. */
export function Page({ title, action, lead, back, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (drawnOnce) heading.current?.focus({ preventScroll: true });
    drawnOnce = true;
  }, []);
  useEffect(() => {
    document.title = `${title} · Proof`;
  }, [title]);
  return (
    <div class="page">
      {back && <a class="back" href={back.href}><Icon name="left" size={12} /> {back.label}</a>}
      <header class="page-head">
        <div>
          <h1 tabIndex={-1} ref={heading}>{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {action && <div class="page-action">{action}</div>}
      </header>
      {children}
    </div>
  );
}

interface NoticeProps {
  tone: Tone;
  title?: string | undefined;
  children?: ComponentChildren;
  action?: ComponentChildren;
}

export function Notice({ tone, title, children, action }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "stop" ? "alert" : undefined}>
      <Icon name={TONE_ICONS[tone]} size={18} />
      <div class="notice-text">
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {action}
    </div>
  );
}

interface ButtonProps {
  onClick?: () => void;
  children: ComponentChildren;
  kind?: "primary" | "plain" | "danger" | "quiet";
  icon?: IconName;
  type?: "button" | "submit";
  isBusy?: boolean;
  disabled?: boolean;
  small?: boolean;
  label?: string;
}

export function Button({ onClick, children, kind = "plain", icon, type = "button", isBusy = false, disabled = false, small = false, label }: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}${small ? " small-button" : ""}`}
      onClick={onClick}
      disabled={disabled || isBusy}
      aria-busy={isBusy}
      aria-label={label}
    >
      {isBusy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export const Spinner = () => <span class="spinner" aria-hidden="true" />;

/** Bones of what is coming; said once to those who listen. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="aloud">Loading</span>
      {Array.from({ length: rows }, (_, index) => <div key={index} class={`bone bone-${index % 3}`} />)}
    </div>
  );
}

/** What a list says while nothing is in it: what will be, and what to do for that. */
export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon"><Icon name={icon} size={22} /></span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Why something is not there, calmly, and how to try again. */
export function Problem({ problem, onRetry }: { problem: unknown; onRetry?: () => void }) {
  const retry = onRetry && <Button small onClick={onRetry}>Try again</Button>;
  if (problem instanceof RefusedError) {
    const { message, request_id, docs_url, code } = problem.refused;
    const page = webAddress(docs_url);
    return (
      <Notice tone="stop" title={problem.status === 404 ? "This is not here" : message} action={retry}>
        <span class="small muted">
          {problem.status === 404 && <>{message} </>}
          {page ? <a href={page} target="_blank" rel="noopener noreferrer">{code}</a> : code}
          {request_id && <> · request <code>{request_id}</code></>}
        </span>
      </Notice>
    );
  }
  if (problem instanceof UnreachableError) {
    return <Notice tone="wait" title="The server does not answer" action={retry}>Nothing was lost. Look at your connection, then try again.</Notice>;
  }
  return <Notice tone="stop" title="Something here does not work" action={retry}>{problem instanceof Error ? problem.message : "No reason is known."}</Notice>;
}

/** The same for a call that changes something: whether it happened may be unknown. */
export function SendProblem({ problem }: { problem: unknown }) {
  if (problem === undefined) return null;
  if (problem instanceof PasskeyError) return <Notice tone="wait" title={problem.message} />;
  if (problem instanceof UnreachableError) {
    return <Notice tone="wait" title="The server did not answer">It may or may not have happened. Look before you try again.</Notice>;
  }
  return <Problem problem={problem} />;
}
