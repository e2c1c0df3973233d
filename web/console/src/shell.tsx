// What stays while pages change: where one can go, who one is, and what was just said.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { aheadSeconds } from "./core/ahead";
import { useKeys } from "./core/keys";
import { useLoad } from "./core/load";
import { place, url, partsOf } from "./core/location";
import { said } from "./core/say";
import { useMay, useMe } from "./core/me";
import { useStore } from "./core/store";
import { theme, THEMES, themeSet } from "./core/theme";
import { span, wordsOf } from "./format";
import { entriesOf } from "./nav";
import { Brand } from "./parts/brand";
import { Icon } from "./parts/icons";
import { ConfirmIdentity, SignOutButton } from "./pages/sign-in";
import { Shortcuts } from "./parts/shortcuts";
import type { SandboxClock } from "./wire";
import { roleTitle } from "./words";

export function Shell({ children }: { children: ComponentChildren }) {
  const { path, query } = useStore(place);
  const [isOpen, setOpen] = useState(false);
  const [helps, setHelps] = useState(false);
  // On a phone the menu is in the way of the page that it led to.
  useEffect(() => setOpen(false), [path, query]);
  useKeys({ "?": () => setHelps(true) });
  return (
    <div class="shell">
      <a class="skip" href="#main">Skip to the page</a>
      <header class={`side${isOpen ? " is-open" : ""}`}>
        <div class="side-top">
          <a class="brand-link" href={url("/")} aria-label="Proof, to the start">{<Brand />}</a>
          <button type="button" class="menu-button" aria-expanded={isOpen} aria-controls="side-menu" onClick={() => setOpen(!isOpen)}>
            <Icon name={isOpen ? "stop" : "menu"} /> Menu
          </button>
        </div>
        <div class="side-menu" id="side-menu">
          <Nav at={partsOf(path)[0] ?? ""} />
          <Who isHere={partsOf(path)[0] === "you"} onHelp={() => setHelps(true)} />
        </div>
      </header>
      <main id="main" class="main" tabIndex={-1}><Ahead />{children}</main>
      <Said />
      {helps && <Shortcuts onClose={() => setHelps(false)} />}
      <ConfirmIdentity />
    </div>
  );
}

function Nav({ at }: { at: string }) {
  const me = useMe();
  return (
    <nav aria-label="Main">
      {me.member.partner && <p class="nav-partner">{me.member.partner.name}</p>}
      <ul class="nav">
        {entriesOf(me).map(({ key, title, icon }) => (
          <li key={key}>
            <a href={url(`/${key}`)} aria-current={key === at ? "page" : undefined}><Icon name={icon} />{title}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Who({ isHere, onHelp }: { isHere: boolean; onHelp: () => void }) {
  const { member } = useMe();
  const look = useStore(theme);
  return (
    <div class="who">
      <p class="who-name"><strong>{member.name}</strong><span class="muted small">{roleTitle(member.role)}</span></p>
      <a class="who-link small" href={url("/you")} aria-current={isHere ? "page" : undefined}><Icon name="key" size={14} />Your sign-in</a>
      <div class="segments" role="radiogroup" aria-label="Look">
        {THEMES.map((name) => (
          <label key={name} class={name === look ? "is-on" : undefined}>
            <input type="radio" name="theme" class="aloud" checked={name === look} onChange={() => themeSet(name)} />
            {wordsOf(name)}
          </label>
        ))}
      </div>
      <div class="who-actions">
        <SignOutButton />
        <button type="button" class="icon-button" onClick={onHelp} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)"><kbd>?</kbd></button>
      </div>
    </div>
  );
}

const CLOCK_MS = 15_000;

/** Every time on every page goes by it, so it is said on every page. */
function Ahead() {
  const reads = useMay("order_read");
  const { data } = useLoad<SandboxClock>(reads ? "clock" : null, { everyMs: CLOCK_MS });
  const ahead = useStore(aheadSeconds);
  const told = data?.ahead_seconds;
  useEffect(() => {
    if (told !== undefined) aheadSeconds.set(told);
  }, [told]);
  if (ahead === 0) return null;
  return <p class="ahead" role="status"><Icon name="wait" /> The clock of this sandbox is {span(ahead)} ahead.</p>;
}

const SAID_MS = 6000;

function Said() {
  const line = useStore(said);
  useEffect(() => {
    if (!line) return undefined;
    const timer = setTimeout(() => said.set(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [line]);
  return (
    <div class="said" role="status" aria-live="polite">
      {line && <p class={line.tone}><Icon name={line.tone === "ok" ? "check" : "wait"} />{line.text}</p>}
    </div>
  );
}
