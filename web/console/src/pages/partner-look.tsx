// How the partner's widget looks, chosen beside the widget itself.

import { useEffect, useRef, useState } from "preact/hooks";
import { fieldOf, part, post } from "../core/api";
import { useLoad } from "../core/load";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { accentWrong, corrected, FONTS, logoOf, OUR_ACCENT, OUR_RADIUS, OURS, RADIUS_MAX } from "../look";
import { Button, Loading, Notice, Problem, SendProblem } from "../parts/basics";
import { Input, Select } from "../parts/field";
import { Part } from "../parts/panel";
import type { Look, Partner } from "../wire";

export function PartnerLook({ partner }: { partner: Partner }) {
  const { data, problem, reload, put } = useLoad<Look>(`partners/${part(partner.id)}/look`);
  if (problem !== undefined) return <Problem problem={problem} onRetry={() => void reload()} />;
  if (!data) return <Loading />;
  return <LookForm partner={partner} look={data} onSaved={put} />;
}

interface LookFormProps {
  partner: Partner;
  look: Look;
  onSaved: (look: Look) => void;
}

function LookForm({ partner, look, onSaved }: LookFormProps) {
  const mayWrite = useMay("look_write");
  const [draft, setDraft] = useState(look);
  const { isBusy, problem, send, clear } = useSend();
  const isChanged = JSON.stringify(draft) !== JSON.stringify(look);
  const wrong = accentWrong(draft.accent);
  const set = (more: Partial<Look>) => {
    clear();
    setDraft({ ...draft, ...more });
  };
  const save = (event: Event) => {
    event.preventDefault();
    if (wrong) return document.getElementById("accent")?.focus();
    void send(
      () => post<Look>(`partners/${part(partner.id)}/look`, draft),
      (next) => {
        say("Saved. Whoever opens the widget from now on sees it.");
        setDraft(next);
        onSaved(next);
      },
    );
  };
  return (
    <div class="look">
      <form class="form" onSubmit={save} noValidate>
        <Part title="Look">
          <p class="small muted">For the sandbox and for live. What is not chosen is as in every widget, and so are the words and the layout.</p>
          <fieldset class="bare look-fields" disabled={!mayWrite || isBusy}>
            <AccentField accent={draft.accent} error={wrong} onInput={(accent) => set({ accent })} />
            <RadiusField radius={draft.radius} onInput={(radius) => set({ radius })} />
            <Select
              id="font"
              label="Typeface"
              hint="Of those that the user’s device has: the widget loads none."
              value={draft.font ?? ""}
              choices={FONTS}
              onInput={(font) => set({ font: font === "" ? null : font })}
            />
            <LogoField logo={draft.logo} error={fieldOf(problem, ["logo"])} onInput={(logo) => set({ logo })} />
          </fieldset>
        </Part>
        {problem !== undefined && <SendProblem problem={problem} />}
        {mayWrite && (
          <div class="form-actions">
            <Button type="submit" kind="primary" isBusy={isBusy} disabled={!isChanged}>Save the look</Button>
            {isChanged && <Button onClick={() => setDraft(look)} disabled={isBusy}>Undo</Button>}
            {JSON.stringify(draft) !== JSON.stringify(OURS) && <Button kind="quiet" onClick={() => set(OURS)} disabled={isBusy}>Reset all</Button>}
          </div>
        )}
      </form>
      <Preview look={draft} partner={partner.name} />
    </div>
  );
}

interface AccentFieldProps {
  accent: string | null;
  error: string | undefined;
  onInput: (accent: string | null) => void;
}

function AccentField({ accent, error, onInput }: AccentFieldProps) {
  const moved = corrected(accent);
  return (
    <div class="look-accent">
      <Input
        id="accent"
        label="Accent"
        hint="The colour of what is to be pressed."
        value={accent ?? ""}
        placeholder={OUR_ACCENT}
        required={false}
        maxLength={7}
        error={error}
        onInput={(text) => onInput(text.trim() === "" ? null : text.trim())}
        mono
      />
      <input type="color" aria-label="Choose the accent" value={error ? OUR_ACCENT : (accent ?? OUR_ACCENT)} onInput={(event) => onInput(event.currentTarget.value)} />
      {moved.map(({ scheme, drawn }) => (
        <p key={scheme} class="small muted">
          In the {scheme} theme it is drawn as <code>{drawn}</code>, the nearest with which text can be read (4.5 : 1).
        </p>
      ))}
    </div>
  );
}

function RadiusField({ radius, onInput }: { radius: number | null; onInput: (radius: number) => void }) {
  const shown = radius ?? OUR_RADIUS;
  return (
    <div class="field">
      <label for="radius">Corners</label>
      <div class="look-radius">
        <input id="radius" type="range" min={0} max={RADIUS_MAX} value={shown} onInput={(event) => onInput(event.currentTarget.valueAsNumber)} />
        <output for="radius">{shown} px</output>
      </div>
    </div>
  );
}

interface LogoFieldProps {
  logo: string | null;
  error: string | undefined;
  onInput: (logo: string | null) => void;
}

function LogoField({ logo, error, onInput }: LogoFieldProps) {
  const [refused, setRefused] = useState(false);
  const wrong = refused ? "This is no picture that can be used. Take a PNG, JPEG or WebP with plain shapes." : error;
  const choose = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    const made = await logoOf(file);
    // The same file may be chosen again.
    input.value = "";
    setRefused(made === undefined);
    if (made) onInput(made);
  };
  return (
    <div class={`field${wrong ? " wrong" : ""}`}>
      <label for="logo">Logo</label>
      <p class="hint" id="logo-hint">PNG, JPEG or WebP; it is made small here. Best with a transparent ground: it stands on white and on black.</p>
      {wrong && <p class="field-error" id="logo-error" role="alert">{wrong}</p>}
      {logo && (
        <div class="look-logo">
          <img src={logo} alt="The logo" />
          <Button small kind="quiet" onClick={() => onInput(null)}>Remove it</Button>
        </div>
      )}
      <input
        id="logo"
        type="file"
        accept="image/png,image/jpeg,image/webp"
        aria-describedby={wrong ? "logo-hint logo-error" : "logo-hint"}
        onChange={(event) => void choose(event.currentTarget)}
      />
    </div>
  );
}

const SCREENS = [
  { value: "price", label: "Price and card" },
  { value: "start", label: "Before the identity check" },
  { value: "done", label: "Done" },
];

const THEMES = [
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** The widget itself, told of every change. */
function Preview({ look, partner }: { look: Look; partner: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [isReady, setReady] = useState(false);
  const [screen, setScreen] = useState("price");
  const [theme, setTheme] = useState("light");
  useEffect(() => {
    const hear = ({ source, data }: MessageEvent<{ type?: unknown } | null>) => {
      if (source === frame.current?.contentWindow && data?.type === "proof.look.ready") setReady(true);
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    if (isReady) frame.current?.contentWindow?.postMessage({ type: "proof.look", look, partner, screen, theme }, location.origin);
  }, [isReady, look, partner, screen, theme]);
  return (
    <section class="part look-preview" aria-label="Preview">
      <div class="look-shown">
        <Select id="preview-screen" label="Screen" value={screen} choices={SCREENS} onInput={setScreen} />
        <Select id="preview-theme" label="Theme" value={theme} choices={THEMES} onInput={setTheme} />
      </div>
      <iframe ref={frame} class={theme} title="The widget with this look; nothing in it can be pressed" src="/console/preview" tabIndex={-1} />
      {!isReady && <Notice tone="info">The preview is loading.</Notice>}
    </section>
  );
}
