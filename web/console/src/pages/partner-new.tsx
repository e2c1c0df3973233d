// A new partner. Addresses and limits are checked by the server; what it says stands at its field.

import { useState } from "preact/hooks";
import { fieldOf, post } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { useSend } from "../core/send";
import { Button, Loading, Notice, Page, Problem } from "../parts/basics";
import { Check, ErrorSummary, Input } from "../parts/field";
import { Facts } from "../parts/panel";
import { Secret } from "../parts/text";
import { KINDS } from "../words";
import type { Pairs, PartnerListed, PartnerMade, PartnerNew } from "../wire";

const NOTHING: PartnerNew = {
  name: "",
  kind: "user_wallet",
  contact_email: "",
  origins: [],
  pairs: [],
  sells: false,
  fiats: [],
  wallets: [],
  webhook_url: null,
};
const FIELDS = ["name", "kind", "contact_email", "origins", "pairs", "fiats", "wallets", "webhook_url"];

export function PartnerNewPage() {
  const { data, problem, reload } = useLoad<Pairs>("pairs");
  const mayMake = useMay("partner_write");
  const [made, setMade] = useState<{ said: PartnerNew; answer: PartnerMade }>();
  return (
    <Page title={made ? `${made.said.name} is made` : "New partner"} back={{ href: url("/partners"), label: "Partners" }}>
      {!mayMake && <Notice tone="info">Your role does not make partners.</Notice>}
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {mayMake && !data && problem === undefined && <Loading />}
      {mayMake && data && !made && <PartnerForm known={data} onMade={(said, answer) => setMade({ said, answer })} />}
      {made && <Made answer={made.answer} />}
    </Page>
  );
}

const linesOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

const needsWallets = (kind: PartnerListed["kind"]): boolean => kind !== "user_wallet";

function PartnerForm({ known, onMade }: { known: Pairs; onMade: (said: PartnerNew, answer: PartnerMade) => void }) {
  const [said, setSaid] = useState<PartnerNew>(NOTHING);
  const [origins, setOrigins] = useState("");
  const { isBusy, problem, send } = useSend();
  const ask = (): PartnerNew => ({
    ...said,
    origins: linesOf(origins),
    wallets: needsWallets(said.kind) ? said.pairs.map((pair) => ({ pair, address: said.wallets.find((wallet) => wallet.pair === pair)?.address.trim() ?? "" })) : [],
    webhook_url: said.webhook_url?.trim() ? said.webhook_url.trim() : null,
  });
  const submit = (event: Event) => {
    event.preventDefault();
    const asked = ask();
    void send(() => post<PartnerMade>("partners", asked), (answer) => onMade(asked, answer));
  };
  const message = problem instanceof Error ? problem.message : "";
  const field = fieldOf(problem, FIELDS);
  const wrong = (name: string) => (field === name ? message : undefined);
  return (
    <form class="form page-form" onSubmit={submit}>
      <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
      <PartnerFields known={known} said={said} set={(more) => setSaid({ ...said, ...more })} origins={origins} setOrigins={setOrigins} wrong={wrong} />
      <div class="form-actions">
        <Button type="submit" kind="primary" isBusy={isBusy}>
          Make the partner
        </Button>
        <a class="button plain" href={url("/partners")}>
          Leave it
        </a>
      </div>
    </form>
  );
}

interface PartnerFieldsProps {
  known: Pairs;
  said: PartnerNew;
  set: (more: Partial<PartnerNew>) => void;
  /** As they are typed; they are cut into lines when they are sent. */
  origins: string;
  setOrigins: (origins: string) => void;
  wrong: (name: string) => string | undefined;
}

function PartnerFields({ known, said, set, origins, setOrigins, wrong }: PartnerFieldsProps) {
  return (
    <>
      <Input
        id="name"
        label="Name"
        hint="Users read it in the widget and in letters."
        value={said.name}
        error={wrong("name")}
        onInput={(name) => set({ name })}
        maxLength={80}
      />
      <Kinds value={said.kind} onInput={(kind) => set({ kind })} error={wrong("kind")} />
      <Input
        id="contact_email"
        label="Contact email"
        hint="Who is told when something is wrong with the integration."
        type="email"
        value={said.contact_email}
        error={wrong("contact_email")}
        onInput={(contact_email) => set({ contact_email })}
      />
      <Input
        id="origins"
        label="Origins"
        hint="Where the widget may be opened from, as https://shop.example; several with spaces."
        value={origins}
        error={wrong("origins")}
        onInput={setOrigins}
        mono
      />
      <Many id="pairs" legend="Pairs" all={known.pairs} chosen={said.pairs} error={wrong("pairs")} onInput={(pairs) => set({ pairs })} />
      <Check id="sells" label="Users may also sell" checked={said.sells} onInput={(sells) => set({ sells })} />
      <Many
        id="fiats"
        legend="Currencies; the first is what a session without one is in"
        hasDefault
        all={known.fiats}
        chosen={said.fiats}
        error={wrong("fiats")}
        onInput={(fiats) => set({ fiats })}
      />
      {needsWallets(said.kind) && <Wallets said={said} error={wrong("wallets")} onInput={(wallets) => set({ wallets })} />}
      <Input
        id="webhook_url"
        label="Webhook address (optional)"
        hint="Where status changes are sent to. It can be set later."
        type="url"
        required={false}
        value={said.webhook_url ?? ""}
        error={wrong("webhook_url")}
        onInput={(webhook_url) => set({ webhook_url })}
        mono
      />
    </>
  );
}

export function Kinds({ value, onInput, error }: { value: PartnerListed["kind"]; onInput: (kind: PartnerListed["kind"]) => void; error: string | undefined }) {
  return (
    <fieldset class={`field${error ? " wrong" : ""}`} id="kind" tabIndex={-1}>
      <legend>Type</legend>
      {error && <p class="field-error">{error}</p>}
      <div class="choices">
        {Object.entries(KINDS).map(([kind, words]) => (
          <label key={kind} class={`choice${kind === value ? " is-on" : ""}`}>
            <input type="radio" name="kind" checked={kind === value} onChange={() => onInput(kind as PartnerListed["kind"])} />
            <span><strong>{words.title}</strong><small>{words.hint}</small></span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface ManyProps {
  id: string;
  legend: string;
  all: string[];
  chosen: string[];
  error?: string | undefined;
  /** The first one counts where nothing is said. */
  hasDefault?: boolean;
  onInput: (chosen: string[]) => void;
}

/** In the order in which they are chosen. */
export function Many({ id, legend, all, chosen, error, hasDefault = false, onInput }: ManyProps) {
  const toggle = (name: string, isOn: boolean) => onInput([...chosen.filter((other) => other !== name), ...(isOn ? [name] : [])]);
  const label = (name: string) => <>{name}{hasDefault && chosen[0] === name && <span class="tag">first</span>}</>;
  return (
    <fieldset class={`field${error ? " wrong" : ""}`} id={id} tabIndex={-1}>
      <legend>{legend}</legend>
      {error && <p class="field-error">{error}</p>}
      <div class="many">
        {all.map((name) => (
          <Check key={name} id={`${id}-${name}`} label={label(name)} checked={chosen.includes(name)} onInput={(isOn) => toggle(name, isOn)} />
        ))}
      </div>
    </fieldset>
  );
}

function Wallets({ said, error, onInput }: { said: PartnerNew; error: string | undefined; onInput: (wallets: PartnerNew["wallets"]) => void }) {
  const set = (pair: string) => (address: string) => onInput([...said.wallets.filter((wallet) => wallet.pair !== pair), { pair, address }]);
  return (
    <fieldset class={`field${error ? " wrong" : ""}`} id="wallets" tabIndex={-1}>
      <legend>Wallets</legend>
      <p class="hint">One for each pair. Crypto that is sent to a wrong address does not come back: copy, do not type.</p>
      {error && <p class="field-error">{error}</p>}
      {said.pairs.length === 0 && <p class="muted">Choose pairs first.</p>}
      {said.pairs.map((pair) => (
        <Input
          key={pair}
          id={`wallet-${pair}`}
          label={pair}
          value={said.wallets.find((wallet) => wallet.pair === pair)?.address ?? ""}
          onInput={set(pair)}
          mono
          wide
        />
      ))}
    </fieldset>
  );
}

function Made({ answer }: { answer: PartnerMade }) {
  return (
    <div class="form page-form">
      <Notice tone="wait" title="The secrets are shown once">
        Hand them over now, by a way that only the two of you use. Later they can be rotated, not read.
      </Notice>
      <Facts
        rows={[
          ["Partner id", <code>{answer.id}</code>],
          ["Widget id", <code>{answer.widget_id}</code>],
        ]}
      />
      <h2>Client token</h2>
      <Secret text={answer.client_token} what="the client token" />
      {answer.webhook_secret && <><h2>Webhook secret</h2><Secret text={answer.webhook_secret} what="the webhook secret" /></>}
      <div class="form-actions"><a class="button primary" href={url(`/partners/${encodeURIComponent(answer.id)}/checklist`)}>To its checklist</a></div>
    </div>
  );
}
