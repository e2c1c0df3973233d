// How the installation does: what is wrong and what to do about it, then each part of it.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { bytesWords, groupDigits, plural, wordsOf } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button, Loading, Notice, Page, Problem } from "../parts/basics";
import { Icon } from "../parts/icons";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Exact } from "../parts/text";
import { poolTitle, railTitle } from "../words";
import type { Alert, Health } from "../wire";

const LOOK_AGAIN_MS = 15_000;
const NOTE_LENGTH_MAX = 500;

type Of<Key extends keyof Health> = Health[Key] extends (infer One)[] ? One : never;
type Backup = Health["backups"]["data"][number];

const none = <span class="muted">–</span>;
const since = (at: string | null) => (at === null ? none : <Ago at={at} />);
const well = (word: string) => <Mark tone="ok" icon="check" word={word} />;
const wrong = (word: string) => <Mark tone="stop" icon="warn" word={word} />;

/** A network with how its node does, which is told of it as of any provider. */
type Chain = Of<"chains"> & { fails: boolean };

function nodeMark({ height, lags, fails }: Chain) {
  if (fails) return wrong("Does not answer");
  if (height === null) return <Mark tone="wait" icon="wait" word="Not heard yet" />;
  return lags ? wrong("Lags") : well("Well");
}

const CHAINS: Column<Chain>[] = [
  { title: "Network", cell: ({ network, environment }) => `${network}${environment === "live" ? ", live" : ""}` },
  { title: "Node", cell: nodeMark },
  { title: "Last block", number: true, cell: ({ height }) => (height === null ? none : groupDigits(String(height))) },
  { title: "Came", number: true, gives: 2, cell: (chain) => since(chain.since) },
  { title: "Not read yet", number: true, gives: 2, cell: ({ unread }) => (unread === null ? none : groupDigits(String(unread))) },
];

const RAIL_MARKS = { well: well("Well"), failing: wrong("Fails"), unused: <Mark tone="info" icon="dash" word="Not called yet" /> };

const RAILS: Column<Of<"rails">>[] = [
  { title: "Provider", cell: ({ rail, environment }) => `${railTitle(rail)}${environment === "live" ? ", live" : ""}` },
  { title: "State", cell: ({ state }) => RAIL_MARKS[state] },
  { title: "Last went well", number: true, gives: 2, cell: ({ at, state }) => (state === "failing" ? <span class="stop-text">not since <Ago at={at ?? ""} /></span> : since(at)) },
];

const WALLETS: Column<Of<"wallets">>[] = [
  { title: "Hot wallet", cell: ({ asset, environment }) => <>{asset}{environment === "live" && <span class="tag live">live</span>}</> },
  { title: "State", cell: ({ low }) => (low ? wrong("Low") : well("Enough")) },
  { title: "Free", number: true, cell: ({ free }) => groupDigits(free) },
  { title: "At least", number: true, gives: 2, cell: ({ floor }) => groupDigits(floor) },
];

const WORKERS: Column<Of<"workers">>[] = [
  { title: "Worker", cell: ({ pool }) => poolTitle(pool) },
  { title: "Last looked", number: true, cell: ({ beat_at }) => since(beat_at) },
  { title: "Due", number: true, cell: ({ due }) => groupDigits(String(due)) },
  { title: "Oldest since", number: true, gives: 2, cell: ({ oldest }) => since(oldest) },
];

const BACKUPS: Column<Backup>[] = [
  { title: "Taken", cell: ({ taken_at }) => <Exact at={taken_at} /> },
  { title: "State", cell: ({ problem, verified_at }) => (problem !== null ? wrong("Failed") : verified_at === null ? <Mark tone="wait" icon="circle" word="Not proven" /> : well("Proven")) },
  { title: "Size", number: true, gives: 2, cell: ({ bytes, problem }) => (problem !== null ? none : bytesWords(bytes)) },
  { title: "Where", gives: 2, cell: ({ place, problem }) => (problem !== null ? <span class="wrap">{problem}</span> : <code>{place}</code>) },
];

export function HealthPage() {
  const { data, problem, reload } = useLoad<Health>("health", { everyMs: LOOK_AGAIN_MS });
  return (
    <Page title="Health" action={<a class="button plain" href={url("/health/settings")}>Settings</a>} lead={data?.looked_at && <>The server looked at itself <Ago at={data.looked_at} />.</>}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={8} />}
      {data && <NotReady lines={data.not_ready} />}
      {data && <Alerts alerts={data.alerts} onChanged={() => void reload()} />}
      {data && <Parts health={data} />}
      {data && data.closed.length > 0 && <Closed alerts={data.closed} />}
    </Page>
  );
}

function NotReady({ lines }: { lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <Notice tone="stop" title="The server is not ready">
      <ul class="plain-list">{lines.map((line) => <li key={line}>{wordsOf(line)}</li>)}</ul>
    </Notice>
  );
}

interface AlertsProps {
  alerts: Alert[];
  onChanged: () => void;
}

function Alerts({ alerts, onChanged }: AlertsProps) {
  const [taking, setTaking] = useState<Alert>();
  if (alerts.length === 0) return <p class="all-clear"><Icon name="check" /> Nothing is wrong.</p>;
  const taken = alerts.filter(({ acknowledged }) => acknowledged !== null);
  // What nobody has in hand is what has to be looked at.
  const sorted = [...alerts.filter(({ acknowledged }) => acknowledged === null), ...taken];
  return (
    <section class="list-part">
      <h2>{plural(alerts.length, "open alert")}{taken.length > 0 && <span class="muted">, {taken.length === alerts.length ? "all" : taken.length} in somebody’s hands</span>}</h2>
      <ul class="alerts" aria-label="Open alerts">
        {sorted.map((alert) => <Open key={alert.id} alert={alert} onTake={() => setTaking(alert)} />)}
      </ul>
      {taking && <TakeDialog alert={taking} onClose={() => setTaking(undefined)} onChanged={onChanged} />}
    </section>
  );
}

function Open({ alert, onTake }: { alert: Alert; onTake: () => void }) {
  const { headline, advice, since: at, subject, kind, order, partner, acknowledged } = alert;
  const readsOrders = useMay("order_read");
  const readsPartners = useMay("partner_read");
  const takes = useMay("alert_acknowledge");
  return (
    <li class={acknowledged ? "taken" : ""}>
      <Icon name={acknowledged ? "people" : "warn"} size={18} />
      <div>
        <strong>{headline}</strong>
        {acknowledged && <p>{acknowledged.by} has it, <Ago at={acknowledged.at} />: {acknowledged.note}</p>}
        <p class={acknowledged ? "muted" : ""}>{advice}</p>
        <p class="small muted">{wordsOf(kind)} · since <Ago at={at} /> · <code>{subject}</code></p>
      </div>
      {takes && <Button small kind={acknowledged ? "quiet" : "plain"} onClick={onTake} label={`${acknowledged ? "Take over" : "I have it"}: ${headline}`}>{acknowledged ? "Take over" : "I have it"}</Button>}
      {order !== null && readsOrders && <a class="button plain small-button" href={url(`/orders/${order}`)}>Open the order</a>}
      {partner !== null && readsPartners && <a class="button plain small-button" href={url(`/partners/${partner}/webhook`)}>Open the webhook</a>}
    </li>
  );
}

function TakeDialog({ alert, onClose, onChanged }: { alert: Alert; onClose: () => void; onChanged: () => void }) {
  const { acknowledged } = alert;
  return (
    <ActDialog
      asked={{
        title: acknowledged ? "Take it over?" : "Do you have it?",
        verb: acknowledged ? "Take it over" : "I have it",
        facts: [["Alert", alert.headline], acknowledged && ["In hand", `${acknowledged.by}: ${acknowledged.note}`]],
        effect: "Your colleagues see that it is in your hands. It stays listed, and goes when its cause is gone; the next one begins anew.",
        needsReason: false,
        text: { label: "What you do about it", hint: "It stays in the records under your name.", maxLength: NOTE_LENGTH_MAX },
      }}
      onClose={onClose}
      act={({ text }) => post(`alerts/${part(alert.id)}/acknowledge`, { note: text })}
      onDone={() => {
        onClose();
        say("It is in your hands.");
        onChanged();
      }}
    />
  );
}

function Parts({ health }: { health: Health }) {
  const { rails, wallets, workers } = health;
  const failing = new Set(rails.filter(({ state }) => state === "failing").map(({ environment, rail }) => `${environment} ${rail}`));
  const chains = health.chains.map((chain) => ({ ...chain, fails: failing.has(`${chain.environment} node ${chain.network}`) }));
  const providers = rails.filter(({ rail }) => !rail.startsWith("node "));
  return (
    <>
      <div class="columns parts">
        <div>
          <section class="list-part"><h2>Chains</h2><Table label="Chains" rows={chains} columns={CHAINS} keyOf={(chain) => `${chain.environment} ${chain.network}`} /></section>
          <section class="list-part"><h2>Providers</h2><Table label="Providers" rows={providers} columns={RAILS} keyOf={(rail) => `${rail.environment} ${rail.rail}`} /></section>
        </div>
        <div>
          <section class="list-part">
            <h2>Hot wallets</h2>
            {wallets.length === 0 ? (
              <p class="muted">No partner has a pair yet.</p>
            ) : (
              <Table label="Hot wallets" rows={wallets} columns={WALLETS} keyOf={(wallet) => `${wallet.environment} ${wallet.asset}`} />
            )}
          </section>
          <section class="list-part"><h2>Workers</h2><Table label="Workers" rows={workers} columns={WORKERS} keyOf={(worker) => worker.pool} /><Webhooks health={health} /></section>
        </div>
      </div>
      <Backups backups={health.backups} database={health.database} />
    </>
  );
}

function Webhooks({ health: { webhooks: { waiting, oldest, failing } } }: { health: Health }) {
  return (
    <p class="small muted">
      {waiting === 0 ? "No webhook waits" : `${plural(waiting, "webhook")} not delivered yet`}
      {oldest !== null && <>, the oldest since <Ago at={oldest} /></>}
      {failing > 0 && `; ${plural(failing, "endpoint")} without a success`}.
    </p>
  );
}

/** How much is on this machine alone. */
function Continuous({ of: { age_seconds, bound_seconds, behind, problem } }: { of: NonNullable<Health["backups"]["continuous"]> }) {
  if (!behind && problem === null) {
    return (
      <p class="small muted">
        What is committed in between is there within seconds: all that was committed {plural(age_seconds, "second")} ago is.
      </p>
    );
  }
  return (
    <Notice tone={behind ? "stop" : "wait"} title={`What was committed in the last ${plural(age_seconds, "second")} is on this machine only`}>
      {problem ?? "The other place does not answer"}. {plural(bound_seconds, "second")} are allowed{behind && "; no live order begins until it has caught up"}.
    </Notice>
  );
}

function Backups({ backups: { every_minutes, continuous, data }, database }: { backups: Health["backups"]; database: string }) {
  return (
    <section class="list-part">
      <h2>Backups</h2>
      {every_minutes === null && (
        <Notice tone="wait" title="This server takes none by itself">
          Name a folder on another machine under <code>[backup]</code> in its configuration, or take them with <code>proof backup</code>.
        </Notice>
      )}
      {every_minutes !== null && (
        <p class="small muted">
          {database}, every {plural(every_minutes, "minute")}.{data.length === 0 && " The first one is being taken."}
        </p>
      )}
      {continuous !== null && <Continuous of={continuous} />}
      {data.length > 0 && <Table label="Backups" rows={data} columns={BACKUPS} keyOf={(backup) => `${backup.taken_at} ${backup.verified_at}`} />}
    </section>
  );
}

const CLOSED: Column<Alert>[] = [
  { title: "What", cell: ({ headline }) => <span class="wrap">{headline}</span> },
  { title: "Began", number: true, gives: 2, cell: ({ opened_at }) => <Exact at={opened_at} /> },
  { title: "Over", number: true, cell: ({ closed_at }) => since(closed_at) },
];

function Closed({ alerts }: { alerts: Alert[] }) {
  return (
    <section class="list-part">
      <h2>Over, lately</h2>
      <Table label="Alerts that are over" rows={alerts} columns={CLOSED} keyOf={(alert) => alert.id} />
    </section>
  );
}
