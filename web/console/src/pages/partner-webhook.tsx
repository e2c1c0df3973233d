// A partner's webhook: whether it answers, and every delivery with what came back.

import { useState } from "preact/hooks";
import { sandboxNow } from "../core/ahead";
import { part, post } from "../core/api";
import type { CsvColumn } from "../core/csv";
import { readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { useMay } from "../core/me";
import { usePages } from "../core/pages";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { inWorld } from "../core/world";
import { wordsOf } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Loading, Notice, Problem, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Input, Select } from "../parts/field";
import { useExport } from "../parts/export";
import { FilterBar, FilterSelect } from "../parts/filter-bar";
import { Part } from "../parts/panel";
import { DeliveryMark, Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Exact, Id } from "../parts/text";
import { ShownOnce, TakesTwo, Wishes, sayChanged } from "../parts/wish";
import { worldWords } from "../parts/world";
import type { ChangeSaid, Delivery, Partner, Webhook } from "../wire";
import { DeliveryPanel } from "./delivery";
import { PaceChart } from "./pace";
import type { PartProps } from "./partner";

const NAMES = ["environment", "state"] as const;
const STATES = ["pending", "delivered", "superseded", "failed"];
const LOOK_AGAIN_MS = 5000;

const COLUMNS: Column<Delivery>[] = [
  { title: "Delivery", cell: (one) => <Id id={one.id} /> },
  { title: "State", cell: (one) => <DeliveryMark state={one.state} /> },
  { title: "Order", gives: 2, cell: (one) => (one.merchant_transaction_id ? <Id id={one.merchant_transaction_id} /> : <span class="muted">test</span>) },
  { title: "Number", number: true, gives: 1, cell: (one) => one.sequence },
  { title: "Attempts", number: true, cell: (one) => one.attempts },
  { title: "Tried next", number: true, gives: 1, cell: (one) => (one.next_attempt_at ? <Ago at={one.next_attempt_at} /> : "–") },
  { title: "Made", number: true, gives: 2, cell: (one) => <Ago at={one.created_at} /> },
];

const CSV: CsvColumn<Delivery>[] = [
  { title: "delivery", of: (one) => one.id },
  { title: "event", of: (one) => one.event_id },
  { title: "order", of: (one) => one.merchant_transaction_id ?? "" },
  { title: "sequence", of: (one) => String(one.sequence) },
  { title: "state", of: (one) => one.state },
  { title: "attempts", of: (one) => String(one.attempts) },
  { title: "next_attempt_at", of: (one) => one.next_attempt_at ?? "" },
  { title: "created_at", of: (one) => one.created_at },
];

interface PartnerWebhookProps extends PartProps {
  open: string | undefined;
  path: string;
}

export function PartnerWebhook({ partner, open, path, onChanged }: PartnerWebhookProps) {
  const { query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const list = `partners/${part(partner.id)}/deliveries`;
  const file = useExport<Delivery>({ name: "deliveries", path: list, query: asked, columns: CSV, one: "delivery", many: "deliveries", older: "older ones are in their orders." });
  const pages = usePages<Delivery>(list, asked, { keyOf: (one) => one.id, everyMs: LOOK_AGAIN_MS });
  const { rows } = pages;
  const at = open === undefined ? path : `${path}/${encodeURIComponent(open)}`;
  return (
    <>
      <div class="stack">
        <Endpoint
          partner={partner}
          onChanged={() => {
            onChanged();
            void pages.reload();
          }}
        />
        {partner.webhook && <PaceChart key={partner.environment} partner={partner} />}
        <Part title="Deliveries">
          <FilterBar label="Deliveries">
            <FilterSelect
              label="State"
              value={filters.state}
              onSelect={(state) => go(at, writeFilters({ ...filters, state }, NAMES), { replace: true })}
              choices={STATES.map((value) => ({ value, label: wordsOf(value) }))}
            />
            {rows && rows.length > 0 && file.button}
          </FilterBar>
          {file.problem}
          {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
          {!rows && pages.isLoading && <Loading />}
          {rows && rows.length > 0 && (
            <Table
              label="Deliveries"
              rows={rows}
              columns={COLUMNS}
              keyOf={(one) => one.id}
              hrefOf={(one) => url(`${path}/${encodeURIComponent(one.id)}`, asked)}
              selected={open}
              dim={pages.isLoading}
            />
          )}
          {rows?.length === 0 && !pages.isLoading && (
            <Empty icon="webhook" title={filters.state === "" ? "Nothing was sent yet" : "No delivery is like this"}>
              {filters.state === ""
                ? "Each change of an order’s status is sent here, signed, until the endpoint answers 2xx; for three days, ever more slowly."
                : "Look at all states instead."}
            </Empty>
          )}
          {pages.hasMore && (
            <p class="list-end">
              <Button onClick={pages.more} isBusy={pages.isMore}>
                Load more
              </Button>
            </p>
          )}
        </Part>
      </div>
      {open !== undefined && <DeliveryPanel key={open} partner={partner} id={open} back={{ path, query: asked }} onChanged={() => void pages.reload()} />}
    </>
  );
}

type Asking = keyof typeof ADDRESSES | "secret" | "remove";

function Endpoint({ partner, onChanged }: { partner: Partner; onChanged: () => void }) {
  const may = useMay("webhook_write");
  const [asking, setAsking] = useState<Asking>();
  const { webhook, environment } = partner;
  const close = () => setAsking(undefined);
  return (
    <Part title="Endpoint">
      <Wishes partner={partner} of={["webhook_move", "webhook_secret"]} onChanged={onChanged} />
      {webhook ? <State webhook={webhook} /> : <Notice tone="info">No address is set. The partner can poll or listen on a WebSocket instead.</Notice>}
      {may && asking !== "webhook" && asking !== "status" && (
        <div class="acts">
          {webhook && <Try partner={partner} webhook={webhook} onChanged={onChanged} />}
          <Button onClick={() => setAsking("webhook")}>{webhook ? "Change the address" : "Set an address"}</Button>
          {webhook && <Button onClick={() => setAsking("secret")}>Exchange the secret…</Button>}
          {/* The probes are of the sandbox. */}
          {webhook && environment === "test" && (
            <Button onClick={() => setAsking("status")}>{webhook.status_url ? "Change where effects are counted" : "Say where effects are counted"}</Button>
          )}
          {webhook && <Button kind="quiet" onClick={() => setAsking("remove")}>Remove it…</Button>}
        </div>
      )}
      {(asking === "webhook" || asking === "status") && <AddressForm key={asking} of={asking} partner={partner} onClose={close} onChanged={onChanged} />}
      {asking === "secret" && <SecretDialog partner={partner} onClose={close} onChanged={onChanged} />}
      {asking === "remove" && webhook && <RemoveDialog partner={partner} webhook={webhook} onClose={close} onChanged={onChanged} />}
    </Part>
  );
}

function RemoveDialog({ partner, webhook, onClose, onChanged }: PartProps & { webhook: Webhook; onClose: () => void }) {
  return (
    <ActDialog
      asked={{
        title: "Remove the webhook?",
        verb: "Remove it now",
        facts: [["Partner", partner.name], ["World", worldWords(partner.environment)], ["Address", <code>{webhook.url}</code>]],
        effect:
          "Nothing is sent any more, and what waits is given up. The partner can poll, or read the feed. One person is enough: it only makes things safer. A new address begins with a new secret.",
        needsReason: false,
        isDanger: true,
      }}
      onClose={onClose}
      act={() => post(inWorld(`partners/${part(partner.id)}/webhook/remove`, partner.environment))}
      onDone={() => {
        onClose();
        say("The webhook is removed.");
        onChanged();
      }}
    />
  );
}

const GRACES = [
  { value: "0", label: "At once: the old secret leaked" },
  { value: "3600", label: "In an hour" },
  { value: "86400", label: "In a day" },
  { value: "604800", label: "In a week" },
];

function SecretDialog({ partner, onClose, onChanged }: PartProps & { onClose: () => void }) {
  const [grace, setGrace] = useState("86400");
  const [made, setMade] = useState<ChangeSaid>();
  const { isBusy, problem, send } = useSend();
  const isLive = partner.environment === "live";
  const exchange = (event: Event) => {
    event.preventDefault();
    // Whoever ends the old one at once does not wait for one before it.
    const body = { grace_seconds: Number(grace), force: grace === "0" };
    void send(() => post<ChangeSaid>(inWorld(`partners/${part(partner.id)}/webhook/rotate`, partner.environment), body), (answer) => {
      if (answer.webhook_secret) setMade(answer);
      else {
        sayChanged(answer, "The secret is exchanged.");
        onClose();
      }
      onChanged();
    });
  };
  if (made) return <ShownOnce said={made} onClose={onClose} />;
  return (
    <Dialog title="Exchange the webhook’s secret?" onClose={onClose} isBusy={isBusy}>
      <form class="form" onSubmit={exchange}>
        <SendProblem problem={problem} />
        {isLive && <TakesTwo>A second person says the same and is shown the secret.</TakesTwo>}
        <p>Both secrets sign each event until the old one ends.</p>
        <Select id="secret-grace" label="The old secret ends" value={grace} onInput={setGrace} choices={GRACES} />
        <div class="form-actions">
          <Button type="submit" kind={grace === "0" ? "danger" : "primary"} isBusy={isBusy}>{isLive ? "Propose to exchange it" : "Exchange it"}</Button>
          <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A test event shows whether the endpoint answers; one that was switched off is switched on first. */
function Try({ partner, webhook, onChanged }: PartProps & { webhook: Webhook }) {
  const { isBusy, problem, send } = useSend();
  const isOff = webhook.state === "disabled";
  const path = inWorld(`partners/${part(partner.id)}/webhook/${isOff ? "enable" : "test"}`, partner.environment);
  const go = () =>
    void send(() => post(path), () => {
      say(isOff ? "The webhook is enabled; what waited is sent." : "A test event is on its way.");
      onChanged();
    });
  return (
    <>
      <Button kind={isOff ? "primary" : "plain"} isBusy={isBusy} onClick={go}>{isOff ? "Enable it again" : "Send a test event"}</Button>
      <SendProblem problem={problem} />
    </>
  );
}

function State({ webhook }: { webhook: Webhook }) {
  return (
    <>
      <p class="endpoint">
        <code>{webhook.url}</code>
        {webhook.state === "enabled" ? (
          <Mark
            tone={webhook.failing_since ? "wait" : "ok"}
            icon={webhook.failing_since ? "warn" : "check"}
            word={webhook.failing_since ? "Failing" : "Enabled"}
          />
        ) : (
          <Mark tone="stop" icon="stop" word="Disabled" />
        )}
      </p>
      {webhook.status_url && <p class="small muted">Effects are counted at <code class="wrap">{webhook.status_url}</code></p>}
      {webhook.previous_secret_expires_at && Date.parse(webhook.previous_secret_expires_at) > sandboxNow() && (
        <p class="small muted">The secret is being exchanged: the old one signs, too, until <Exact at={webhook.previous_secret_expires_at} />.</p>
      )}
      {webhook.failing_since && (
        <Notice tone="wait" title="It fails">
          Since <Exact at={webhook.failing_since} /> no delivery was answered with 2xx. Look at the last attempts below.
        </Notice>
      )}
      {webhook.disabled_reason && (
        <Notice tone="stop" title="Nothing is sent">
          {webhook.disabled_reason}
        </Notice>
      )}
    </>
  );
}

const ADDRESSES = {
  webhook: { path: "webhook", label: "Address", hint: "Where each change of a status is sent.", said: "The webhook has a new address.", place: "https://shop.example/webhooks/proof" },
  status: {
    path: "webhook/status-url",
    label: "Where effects are counted (optional)",
    hint: 'The probes ask GET …?event_id=evt_… before and after they send an event again; the shop answers {"effects": 1}. Left empty, a person confirms WHK-2.',
    said: "The probes ask there from now on.",
    place: "https://shop.example/webhooks/effects",
  },
};

interface AddressFormProps {
  of: keyof typeof ADDRESSES;
  partner: Partner;
  onClose: () => void;
  onChanged: () => void;
}

function AddressForm({ of, partner, onClose, onChanged }: AddressFormProps) {
  const { path, label, hint, said, place } = ADDRESSES[of];
  const [address, setAddress] = useState((of === "webhook" ? partner.webhook?.url : partner.webhook?.status_url) ?? "");
  const [made, setMade] = useState<ChangeSaid>();
  const { isBusy, problem, send } = useSend();
  const isLive = partner.environment === "live";
  const save = (event: Event) => {
    event.preventDefault();
    void send(() => post<Partial<ChangeSaid>>(inWorld(`partners/${part(partner.id)}/${path}`, partner.environment), { url: address.trim() }), (answer) => {
      if (answer.ruled === "proposed") say("Proposed. A second person has to say the same.", "wait");
      else say(said);
      // The first address comes with the secret that signs what goes there.
      if (answer.webhook_secret) setMade(answer as ChangeSaid);
      else onClose();
      onChanged();
    });
  };
  if (made) return <ShownOnce said={made} onClose={onClose} />;
  return (
    <form class="inline-form" onSubmit={save}>
      {isLive && <TakesTwo />}
      <Input id="webhook-url" label={label} hint={isLive ? "https, on the public internet." : hint} type="url" value={address} onInput={setAddress} mono placeholder={place} required={of === "webhook"} wide />
      <Button type="submit" kind="primary" isBusy={isBusy}>{isLive ? "Propose" : "Save"}</Button>
      <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
      <SendProblem problem={problem} />
    </form>
  );
}
