// The hot wallets as nodes and books have them, how coins get in, and what came unexpected.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { useMay, useMe } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { inWorld, useWorld } from "../core/world";
import { amountWords, groupDigits, plural, shorten, webAddress } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Loading, Notice, Page, Problem, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icons";
import { QrCode } from "../parts/qr";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Secret } from "../parts/text";
import { confirmWords } from "../words";
import type { HotWallet, Ruled, Treasury, TreasuryArrival } from "../wire";
import { LedgerTabs } from "./ledger-tabs";

const LOOK_AGAIN_MS = 15_000;

function walletMark({ on_chain, agrees, low, unproven }: HotWallet) {
  if (on_chain === null) return <Mark tone="stop" icon="warn" word="Node is away" />;
  if (agrees === false) return <Mark tone="stop" icon="warn" word="Differs" />;
  if (unproven) return <Mark tone="wait" icon="wait" word="Unproven" />;
  if (low) return <Mark tone="wait" icon="wait" word="Low" />;
  return <Mark tone="ok" icon="check" word="Enough" />;
}

export function TreasuryPage() {
  const world = useWorld();
  const { data, problem, reload } = useLoad<Treasury>(inWorld("treasury", world), { everyMs: LOOK_AGAIN_MS });
  const mayWrite = useMay("ledger_write");
  const [filling, setFilling] = useState<HotWallet>();
  const look = useSend();
  const lookNow = () =>
    void look.send(() => post<Treasury>("treasury/look", { environment: world }), () => {
      say("The nodes were asked.");
      void reload();
    });
  const isCold = data?.wallets.some(hasCold) === true;
  const shown = isCold ? [...WALLETS, COLD] : WALLETS;
  const columns = mayWrite ? [...shown, fillColumn(setFilling)] : shown;
  return (
    <Page title="Ledger" lead="What is sold is delivered from these wallets. Free is what can still be sold; each network takes its fees in its own coin.">
      <LedgerTabs at="treasury" />
      <SendProblem problem={look.problem} />
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={8} />}
      {data && (
        <section class="list-part">
          <h2>Hot wallets</h2>
          {data.wallets.length === 0 ? (
            <Empty icon="ledger" title="No network is connected">The configuration names the nodes of each network. See Operations.</Empty>
          ) : (
            <Table label="Hot wallets" rows={data.wallets} columns={columns} keyOf={(wallet) => `${wallet.currency} ${wallet.network}`} />
          )}
        </section>
      )}
      {data && (
        <Arrivals
          arrivals={data.arrivals}
          wallets={data.wallets}
          action={mayWrite && data.arrivals.length > 0 && <Button isBusy={look.isBusy} onClick={lookNow}>Ask the nodes</Button>}
          onChanged={() => void reload()}
        />
      )}
      {filling && <Fill wallet={filling} world={world} onClose={() => setFilling(undefined)} />}
    </Page>
  );
}

const WALLETS: Column<HotWallet>[] = [
  { title: "Coin", cell: ({ currency, network }) => <>{currency} <span class="muted">{network}</span></> },
  { title: "State", cell: walletMark },
  { title: "Free", number: true, cell: ({ free }) => groupDigits(free) },
  { title: "At least", number: true, gives: 1, cell: ({ floor }) => <span class="muted">{groupDigits(floor)}</span> },
  { title: "Promised", number: true, gives: 2, cell: ({ reserved }) => groupDigits(reserved) },
  { title: "In transit", number: true, gives: 2, cell: ({ in_transit }) => groupDigits(in_transit) },
  { title: "At deposit addresses", number: true, gives: 2, cell: ({ at_deposits }) => groupDigits(at_deposits) },
  { title: "On the chain", number: true, gives: 2, cell: ({ on_chain }) => (on_chain === null ? <span class="muted">–</span> : groupDigits(on_chain)) },
];

const hasCold = ({ cold, cold_address }: HotWallet) => cold_address !== null || Number(cold) > 0;

/** As the books have it, and what the chain says beside it where that is something else. */
const COLD: Column<HotWallet> = {
  title: "Cold",
  number: true,
  gives: 2,
  cell: (wallet) => {
    if (!hasCold(wallet)) return <span class="muted">–</span>;
    const { cold, cold_on_chain } = wallet;
    const differs = cold_on_chain !== null && cold_on_chain !== cold;
    return <>{groupDigits(cold)}{differs && <span class="muted"> of {groupDigits(cold_on_chain)}</span>}</>;
  },
};

const fillColumn = (onFill: (wallet: HotWallet) => void): Column<HotWallet> => ({
  title: "",
  cell: (wallet) => (
    <Button kind="plain" small onClick={() => onFill(wallet)} label={`Top up ${wallet.currency} on ${wallet.network}`}>Top up</Button>
  ),
});

/** Where to send coins; from this moment on their coming is seen. */
function Fill({ wallet, world, onClose }: { wallet: HotWallet; world: string; onClose: () => void }) {
  const { currency, network, address } = wallet;
  const [isReady, setReady] = useState(wallet.is_watched);
  const { isBusy, problem, send } = useSend();
  const begin = () => void send(() => post<void>("treasury/watch", { environment: world, network }), () => setReady(true));
  return (
    <Dialog title={`Top up ${currency} on ${network}`} onClose={onClose} isBusy={isBusy}>
      <SendProblem problem={problem} />
      {isReady ? (
        <div class="form">
          <p>Send {currency} on {network} to this address, and nothing else. Compare its first and last characters with what your wallet shows.</p>
          <Secret text={address} what="the address" inBlocks />
          <QrCode text={address} label={`The address ${address}`} />
          <p class="muted">When the coins are final they stand below, held. Two of you say that they are the owner’s; then they can be sold.</p>
          <div class="form-actions"><Button kind="primary" onClick={onClose}>Done</Button></div>
        </div>
      ) : (
        <div class="form">
          <p>The blocks of {network} are not read yet, so coins that come would not be seen. Begin to read them first.</p>
          <div class="form-actions">
            <Button kind="primary" isBusy={isBusy} onClick={begin}>Read {network} from now on</Button>
            <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

interface ArrivalsProps {
  arrivals: TreasuryArrival[];
  wallets: HotWallet[];
  action: preact.ComponentChild;
  onChanged: () => void;
}

interface Owned {
  arrival: TreasuryArrival;
  /** It came from cold storage, where the books have it. */
  cold: boolean;
}

function Arrivals({ arrivals, wallets, action, onChanged }: ArrivalsProps) {
  const [owned, setOwned] = useState<Owned>();
  const mayWrite = useMay("ledger_write");
  const me = useMe().member.name;
  const mayBeCold = ({ currency, network }: TreasuryArrival) =>
    wallets.some((wallet) => wallet.currency === currency && wallet.network === network && Number(wallet.cold) > 0);
  const columns = mayWrite ? [...ARRIVALS, ownColumn(setOwned, mayBeCold)] : ARRIVALS;
  const done = ({ ruled }: Ruled) => {
    setOwned(undefined);
    say(ruled === "done" ? "Done. They can be sold." : "Proposed. A second operator has to say the same.", ruled === "done" ? "ok" : "wait");
    onChanged();
  };
  return (
    <section class="list-part">
      <div class="list-head"><h2>{arrivals.length === 0 ? "Coins that came" : `${plural(arrivals.length, "transfer")} came unexpected`}</h2>{action}</div>
      {arrivals.length === 0 ? (
        <p class="muted">Nothing waits. What comes to a hot wallet and belongs to no order is listed here until two of you know whose it is.</p>
      ) : (
        <>
          <Notice tone="wait">Nobody is paid with them until two of you say that the owner sent them.</Notice>
          <Table label="Coins that came" rows={arrivals} columns={columns} keyOf={(one) => one.id} />
        </>
      )}
      {owned && (
        <ActDialog<Ruled>
          asked={{
            ...(owned.cold ? FROM_COLD : FROM_OWNER),
            facts: [
              ["Amount", <strong class="amount">{amountWords(owned.arrival.amount, owned.arrival.currency)}</strong>],
              ["Network", owned.arrival.network],
              ["From", owned.arrival.senders.length === 0 ? "unknown" : <code class="value">{owned.arrival.senders.join(", ")}</code>],
              ["Hash", <code class="value">{owned.arrival.hash}</code>],
            ],
            confirm: confirmWords(owned.cold ? "cold" : "own", owned.arrival.proposed, me),
            proposed: owned.arrival.proposed,
          }}
          onClose={() => setOwned(undefined)}
          act={({ reason }) => post<Ruled>(`treasury/arrivals/${part(owned.arrival.id)}/own`, { reason, cold: owned.cold })}
          onDone={done}
        />
      )}
    </section>
  );
}

const ARRIVALS: Column<TreasuryArrival>[] = [
  { title: "Amount", number: true, cell: ({ amount, currency }) => amountWords(amount, currency) },
  {
    title: "State",
    cell: ({ state, proposed }) =>
      state === "seen" ? <Mark tone="info" icon="wait" word="Not final yet" /> : <Mark tone={proposed ? "accent" : "wait"} icon={proposed ? "pen" : "wait"} word={proposed ? "Needs a second" : "Held"} />,
  },
  { title: "Network", gives: 2, cell: ({ network }) => <span class="muted">{network}</span> },
  {
    title: "Transfer",
    gives: 2,
    cell: ({ hash, explorer_url }) => {
      const address = webAddress(explorer_url);
      return address ? <a class="outward" href={address} target="_blank" rel="noopener noreferrer" title={hash}><code>{shorten(hash, 8)}</code><Icon name="out" size={12} /></a> : <code title={hash}>{shorten(hash, 8)}</code>;
    },
  },
  { title: "Came", number: true, gives: 1, cell: ({ seen_at }) => <Ago at={seen_at} /> },
];

const FROM_OWNER = {
  title: "Did the owner send them?",
  verb: "They are ours",
  effect: "The coins can be sold from then on. Whoever sent them by mistake does not get them back by itself.",
};

const FROM_COLD = {
  title: "Do they come from cold storage?",
  verb: "They were cold",
  effect: "The coins can be sold from then on, and the books have so much less in cold storage.",
};

const ownColumn = (onOwn: (owned: Owned) => void, mayBeCold: (arrival: TreasuryArrival) => boolean): Column<TreasuryArrival> => ({
  title: "",
  cell: (arrival) =>
    arrival.state === "held" ? (
      <span class="row-acts">
        <Button kind="plain" small onClick={() => onOwn({ arrival, cold: false })}>Ours</Button>
        {mayBeCold(arrival) && <Button kind="plain" small onClick={() => onOwn({ arrival, cold: true })}>From cold storage</Button>}
      </span>
    ) : null,
});
