// The prices of the day: the market's, the chains' fees, and what a user of a partner would be quoted.

import { useState } from "preact/hooks";
import { get } from "../core/api";
import { useLoad } from "../core/load";
import { useSend } from "../core/send";
import { inWorld, useWorld } from "../core/world";
import { amountWords, groupDigits, wordsOf } from "../format";
import { Button, Empty, Loading, Page, Problem, SendProblem } from "../parts/basics";
import { Input, Select } from "../parts/field";
import { Facts, Part } from "../parts/panel";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago } from "../parts/text";
import type { Partner, PartnerNames, PriceCheck, Rates } from "../wire";
import { LedgerTabs } from "./ledger-tabs";

const LOOK_AGAIN_MS = 15_000;

type Rate = Rates["rates"][number];

const MARKS = {
  fresh: <Mark tone="ok" icon="check" word="Fresh" />,
  stale: <Mark tone="stop" icon="warn" word="Too old" />,
  missing: <Mark tone="stop" icon="warn" word="None" />,
};

const RATES: Column<Rate>[] = [
  { title: "Coin", cell: ({ currency, network }) => <>{currency} <span class="muted">{network}</span></> },
  { title: "State", cell: ({ state }) => MARKS[state] },
  { title: "Price of one", number: true, cell: ({ price, fiat_currency }) => (price === null ? "–" : amountWords(price, fiat_currency)) },
  { title: "Told", number: true, gives: 1, cell: ({ at }) => (at === null ? "–" : <Ago at={at} />) },
];

const FEES: Column<Rates["fees"][number]>[] = [
  { title: "Network", cell: ({ network }) => network },
  { title: "One transfer", number: true, cell: ({ fee, fiat_currency }) => (fee === null ? "–" : amountWords(fee, fiat_currency)) },
];

export function RatesPage() {
  const world = useWorld();
  const { data, problem, reload } = useLoad<Rates>(inWorld("rates", world), { everyMs: LOOK_AGAIN_MS });
  return (
    <Page title="Ledger" lead={data && `Halfway between bid and ask. A price older than ${data.age_seconds_max} seconds is not used: nobody is quoted with it.`}>
      <LedgerTabs at="rates" />
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={8} />}
      {data && data.rates.length === 0 && (
        <Empty icon="ledger" title="No prices in this world">Prices of what partners sell and buy are shown here, in the currencies that they offer, once their networks are connected.</Empty>
      )}
      {data && data.rates.length > 0 && (
        <div class="columns parts">
          <div>
            <section class="list-part">
              <h2>Market</h2>
              <Table label="Market" rows={data.rates} columns={RATES} keyOf={(rate) => `${rate.currency} ${rate.network} ${rate.fiat_currency}`} />
            </section>
          </div>
          <div>
            <Check world={world} />
            <section class="list-part">
              <h2>Fees of the networks</h2>
              <Table label="Fees of the networks" rows={data.fees} columns={FEES} keyOf={(fee) => `${fee.network} ${fee.fiat_currency}`} />
            </section>
          </div>
        </div>
      )}
    </Page>
  );
}

/** A partner's own question, answered before they ask: what does it cost my user? */
function Check({ world }: { world: string }) {
  const partners = useLoad<PartnerNames>("partners/names").data?.data ?? [];
  const [id, setId] = useState<string>();
  const chosen = id ?? partners[0]?.id;
  return (
    <Part title="What would a user pay?">
      {partners.length > 1 && (
        <Select id="check-partner" label="Partner" value={chosen ?? ""} onInput={setId} choices={partners.map(({ id: value, name }) => ({ value, label: name }))} />
      )}
      {chosen !== undefined && <Ask key={chosen} partner={chosen} world={world} />}
    </Part>
  );
}

function Ask({ partner, world }: { partner: string; world: string }) {
  const { data } = useLoad<Partner>(`partners/${encodeURIComponent(partner)}`);
  const [asked, setAsked] = useState({ side: "buy", asset: "", amount: "100", fiat_currency: "" });
  const [answer, setAnswer] = useState<{ of: typeof asked; price: PriceCheck }>();
  const { isBusy, problem, send } = useSend();
  const pairs = data?.policy.pairs.map(({ asset }) => asset) ?? [];
  const fiats = data?.policy.fiats ?? [];
  const full = { ...asked, asset: asked.asset || (pairs[0] ?? ""), fiat_currency: asked.fiat_currency || (fiats[0] ?? "") };
  const set = (name: keyof typeof asked) => (value: string) => setAsked({ ...full, [name]: value });
  const submit = (event: Event) => {
    event.preventDefault();
    const query = new URLSearchParams({ environment: world, partner, ...full });
    void send(() => get<PriceCheck>(`rates/check?${query.toString()}`), (price) => setAnswer({ of: full, price }));
  };
  if (!data) return <Loading rows={2} />;
  const options = (all: string[]) => all.map((value) => ({ value, label: value }));
  return (
    <form class="form price-check" onSubmit={submit}>
      <SendProblem problem={problem} />
      <div class="form-row">
        <Select id="check-side" label="Side" value={full.side} onInput={set("side")} choices={[{ value: "buy", label: "Buy" }, { value: "sell", label: "Sell" }]} />
        <Input id="check-amount" label="Amount" value={full.amount} onInput={set("amount")} inputMode="decimal" pattern="[0-9]+([.][0-9]+)?" />
        <Select id="check-asset" label="Coin" value={full.asset} onInput={set("asset")} choices={options(pairs)} />
        <Select id="check-fiat" label="Currency" value={full.fiat_currency} onInput={set("fiat_currency")} choices={options(fiats)} />
      </div>
      <div class="form-actions"><Button type="submit" isBusy={isBusy}>Ask</Button></div>
      {answer && <Answer {...answer} />}
    </form>
  );
}

const LINES: Record<string, string> = { crypto: "Coins, with the spread", network: "Network fee", processing: "Processing", partner: "Partner’s fee", rounding: "Rounding" };

function Answer({ of, price }: { of: { side: string; asset: string; amount: string }; price: PriceCheck }) {
  const { fiat_currency, total, mid, lines, unit_price } = price;
  const money = (amount: string) => <span class="amount">{amountWords(amount, fiat_currency)}</span>;
  return (
    <div role="status">
      <Facts
        rows={[
          [of.side === "buy" ? "The user pays" : "The user receives", <strong class="amount">{amountWords(total, fiat_currency)}</strong>],
          ...lines.map(({ code, amount }) => [LINES[code] ?? wordsOf(code), money(amount)] as const),
          ["At the market’s price", money(mid)],
          [`Price of one ${of.asset.split("/")[0] ?? ""}`, <span class="amount">{groupDigits(unit_price)} {fiat_currency}</span>],
        ]}
      />
    </div>
  );
}
