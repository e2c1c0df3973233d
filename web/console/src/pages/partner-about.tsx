// A partner's name, type and contact, changed over what somebody has seen of them.

import { useState } from "preact/hooks";
import { fieldOf, part, post } from "../core/api";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { Button, Notice } from "../parts/basics";
import { ErrorSummary, Input } from "../parts/field";
import type { About, AboutNew, Partner } from "../wire";
import type { PartProps } from "./partner";
import { Kinds } from "./partner-new";
import { AddressField } from "./partner-wallets";

const FIELDS = ["name", "kind", "contact_email", "wallets"];

const aboutOf = ({ name, kind, contact_email }: Partner): About => ({ name, kind, contact_email });

export function PartnerAbout({ partner, onChanged, onClose }: PartProps & { onClose: () => void }) {
  // The page behind may be drawn anew meanwhile; what is sent as seen is what the form began with.
  const [before] = useState(() => aboutOf(partner));
  const [said, setSaid] = useState<About>(before);
  const [addresses, setAddresses] = useState<Record<string, string>>(() => Object.fromEntries(partner.wallets.map(({ pair, address }) => [pair, address])));
  const { isBusy, problem, send } = useSend();
  const isOwn = !useMay("partner_write");
  const set = (more: Partial<About>) => setSaid({ ...said, ...more });
  const pairs = said.kind === before.kind || said.kind === "user_wallet" ? [] : partner.policy.pairs.filter((pair) => pair.buys).map((pair) => pair.asset);
  const submit = (event: Event) => {
    event.preventDefault();
    const asked: AboutNew = { ...said, before, wallets: pairs.map((pair) => ({ pair, address: (addresses[pair] ?? "").trim() })) };
    void send(() => post<About>(`partners/${part(partner.id)}/about`, asked), (answer) => {
      say(answer.name === before.name ? "It is changed." : `The partner is called ${answer.name} now.`);
      onClose();
      onChanged();
    });
  };
  const message = problem instanceof Error ? problem.message : "";
  const field = fieldOf(problem, FIELDS);
  const wrong = (name: string) => (field === name ? message : undefined);
  return (
    <form class="form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
      {!isOwn && (
        <>
          <Input id="name" label="Name" hint="Users read it in the widget and in letters, from now on." value={said.name} error={wrong("name")} onInput={(name) => set({ name })} maxLength={100} />
          {partner.stage === "sandbox" && <Kinds value={said.kind} onInput={(kind) => set({ kind })} error={wrong("kind")} />}
          {said.kind !== before.kind && (
            <Notice tone="wait" title="Another type sends coins elsewhere">
              Orders that have begun would not know where theirs go: it is refused while there are any. The checklist looks at the new type’s calls.
            </Notice>
          )}
          {pairs.length > 0 && (
            <fieldset class={`field${wrong("wallets") ? " wrong" : ""}`} id="wallets" tabIndex={-1}>
              <legend>Wallets in the sandbox</legend>
              <p class="hint">One for each pair that users buy. Copy, do not type.</p>
              {wrong("wallets") && <p class="field-error">{wrong("wallets")}</p>}
              {pairs.map((pair) => (
                <AddressField key={pair} pair={pair} isNeeded value={addresses[pair] ?? ""} onInput={(text) => setAddresses({ ...addresses, [pair]: text })} />
              ))}
            </fieldset>
          )}
        </>
      )}
      <Input
        id="contact_email"
        label="Contact email"
        hint="Who is told when something is wrong with the integration."
        type="email"
        value={said.contact_email}
        error={wrong("contact_email")}
        onInput={(contact_email) => set({ contact_email })}
      />
      <div class="form-actions">
        <Button type="submit" kind="primary" isBusy={isBusy}>Save</Button>
        <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
      </div>
    </form>
  );
}
