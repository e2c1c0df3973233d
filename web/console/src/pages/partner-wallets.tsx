// Where what is bought goes, one wallet for each pair; each address is checked while it is typed.

import { useEffect, useState } from "preact/hooks";
import { fieldOf, get, part, post } from "../core/api";
import { useMay } from "../core/me";
import { useSend } from "../core/send";
import { inWorld } from "../core/world";
import { Button } from "../parts/basics";
import { ErrorSummary, Input } from "../parts/field";
import { Part } from "../parts/panel";
import { Copy } from "../parts/text";
import { TakesTwo, Wishes, sayChanged } from "../parts/wish";
import type { AddressSaid, ChangeSaid, Partner } from "../wire";
import type { PartProps } from "./partner";

const PAUSE_MS = 300;

export function Wallets({ partner, onChanged }: PartProps) {
  const mayWrite = useMay("wallet_write") && partner.kind !== "user_wallet";
  const [isEditing, setEditing] = useState(false);
  return (
    <Part title="Wallets" note={`${partner.wallets.length}`}>
      <Wishes partner={partner} of={["wallets"]} onChanged={onChanged} />
      {partner.wallets.length === 0 && (
        <p class="muted">{partner.kind === "user_wallet" ? "Each session brings its user’s own address." : "No wallet is recorded."}</p>
      )}
      {!isEditing && (
        <ul class="lines">
          {partner.wallets.map(({ pair, address }) => (
            <li key={pair}>
              <span>{pair}</span>
              <span class="with-copy">
                <code class="value" title={address}>{address}</code>
                <Copy text={address} what={`the address of ${pair}`} quiet />
              </span>
            </li>
          ))}
        </ul>
      )}
      {mayWrite && !isEditing && <div class="acts"><Button onClick={() => setEditing(true)}>Change the wallets</Button></div>}
      {isEditing && <WalletForm partner={partner} onClose={() => setEditing(false)} onChanged={onChanged} />}
    </Part>
  );
}

/** Those that users buy, and what has a wallet all the same. */
function pairsOf(partner: Partner): { pair: string; isNeeded: boolean }[] {
  const bought = partner.policy.pairs.filter((pair) => pair.buys).map((pair) => pair.asset);
  const others = partner.wallets.map(({ pair }) => pair).filter((pair) => !bought.includes(pair));
  return [...bought.map((pair) => ({ pair, isNeeded: true })), ...others.map((pair) => ({ pair, isNeeded: false }))];
}

function WalletForm({ partner, onClose, onChanged }: PartProps & { onClose: () => void }) {
  const [addresses, setAddresses] = useState<Record<string, string>>(() => Object.fromEntries(partner.wallets.map(({ pair, address }) => [pair, address])));
  const { isBusy, problem, send } = useSend();
  const pairs = pairsOf(partner);
  const isLive = partner.environment === "live";
  const at = (pair: string) => (addresses[pair] ?? "").trim();
  const isChanged = pairs.some(({ pair }) => at(pair) !== (partner.wallets.find((wallet) => wallet.pair === pair)?.address ?? ""));
  const field = fieldOf(problem, ["wallets"]);
  const message = problem instanceof Error ? problem.message : "";
  const save = (event: Event) => {
    event.preventDefault();
    const wallets = pairs.filter(({ pair }) => at(pair) !== "").map(({ pair }) => ({ pair, address: at(pair) }));
    void send(() => post<ChangeSaid>(inWorld(`partners/${part(partner.id)}/wallets`, partner.environment), { wallets }), (answer) => {
      sayChanged(answer, "The wallets are changed.");
      onClose();
      onChanged();
    });
  };
  return (
    <form class="form" onSubmit={save}>
      <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
      {isLive && <TakesTwo />}
      <fieldset class="field" id="wallets" tabIndex={-1}>
        <legend>One address for each pair</legend>
        <p class="hint">Copy, do not type. Orders that have begun keep the address that they began with.</p>
        {pairs.map(({ pair, isNeeded }) => (
          <AddressField key={pair} pair={pair} isNeeded={isNeeded} value={addresses[pair] ?? ""} onInput={(text) => setAddresses({ ...addresses, [pair]: text })} />
        ))}
      </fieldset>
      <div class="form-actions">
        <Button type="submit" kind="primary" isBusy={isBusy} disabled={!isChanged}>{isLive ? "Propose these wallets" : "Save"}</Button>
        <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
      </div>
    </form>
  );
}

interface AddressFieldProps {
  pair: string;
  isNeeded: boolean;
  value: string;
  onInput: (text: string) => void;
}

/** The server knows the rules of each network; nothing is asked while somebody types on. */
export function AddressField({ pair, isNeeded, value, onInput }: AddressFieldProps) {
  const [said, setSaid] = useState<{ of: string; problem: string | null }>();
  const text = value.trim();
  useEffect(() => {
    if (text === "") return undefined;
    let isOld = false;
    const timer = setTimeout(() => {
      get<AddressSaid>(`addresses/check?${new URLSearchParams({ pair, address: text })}`)
        .then(({ problem }) => {
          if (!isOld) setSaid({ of: text, problem });
        })
        // Whoever saves is told.
        .catch(() => undefined);
    }, PAUSE_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [pair, text]);
  const error = said?.of === text ? (said.problem ?? undefined) : undefined;
  return <Input id={`wallet-${pair}`} label={pair} value={value} onInput={onInput} error={error} required={isNeeded} mono wide />;
}
