// The buttons of the device's wallets, above the card; nothing where the browser has none.

import { useEffect, useState } from "preact/hooks";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import type { Failure, Session } from "../session";
import type { View } from "../view";
import { Guarded } from "./guarded";
import { open, payableOf, usable, type WalletName } from "../wallets";

const words = messages.pay;

/** Names that are not translated. */
const NAMES: Record<WalletName, string> = { apple_pay: "Apple Pay", google_pay: "Google Pay" };

interface Props {
  view: View;
  session: Session;
  /** A price stands, and nothing is being paid. */
  ready: boolean;
  onPaying: (paying: boolean) => void;
  onProblem: (problem: string | undefined) => void;
}

export function Wallets({ view, session, ready, onPaying, onProblem }: Props) {
  const [names, setNames] = useState<WalletName[]>([]);
  const alive = useAlive();
  const payable = payableOf(view);
  const isPriced = payable !== undefined;
  useEffect(() => {
    if (payable) void usable(view.wallets, payable).then((found) => alive.current && setNames(found));
    // Whether there is a wallet does not change with the price.
  }, [isPriced]);
  const press = async (name: WalletName) => {
    const quote = view.quote?.id;
    if (!ready || !view.wallets || !payable || quote === undefined) return;
    onPaying(true);
    onProblem(undefined);
    let failure: Failure | undefined;
    // The sheet may say "paid" only of a payment that was begun: of an order that is over there is no failure to tell.
    const pay = async (payload: string) => {
      let begun = false;
      failure = await session.command(async (api) => {
        const next = await api.payWallet(name, payload, quote);
        begun = true;
        return next;
      });
      return begun;
    };
    const run = { payable, session: () => openApple(session), pay };
    const outcome = await open(name, view.wallets, run).catch(() => "failed" as const);
    if (!alive.current) return;
    onPaying(false);
    if (outcome === "failed") onProblem(words.walletFailed(NAMES[name]));
    else if (failure) onProblem(messages.error(failure.code, view.type));
  };
  if (names.length === 0) return null;
  const total = payable ? fiat(payable.total, payable.currency) : "";
  return (
    <div class="wallets">
      {names.map((name) => (
        <Guarded key={name} onClick={() => void press(name)}>
          {(guarded) => (
            <button type="button" class={`button wallet ${name}`} aria-disabled={!ready || undefined} aria-label={words.payWith(total, NAMES[name])} onClick={() => ready && guarded()}>
              {NAMES[name]}
            </button>
          )}
        </Guarded>
      ))}
      <p class="or muted small">{words.orCard}</p>
    </div>
  );
}

async function openApple(session: Session): Promise<unknown> {
  let opened: unknown;
  const failure = await session.command(async (api) => {
    opened = await api.openApplePay();
  });
  if (failure) throw new Error(failure.code);
  return opened;
}
