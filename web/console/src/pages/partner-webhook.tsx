// A partner's webhook: whether it answers, and every delivery with what came back.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { useMay } from "../core/me";
import { usePages } from "../core/pages";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { wordsOf } from "../format";
import { Button, Empty, Loading, Notice, Problem, SendProblem } from "../parts/basics";
import { Input } from "../parts/field";
import { FilterBar, FilterSelect } from "../parts/filter-bar";
import { Part } from "../parts/panel";
import { DeliveryMark, Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Exact, Id } from "../parts/text";
import type { Delivery, Partner, Webhook } from "../wire";
import { DeliveryPanel } from "./delivery";
import type { PartProps } from "./partner";

const NAMES = ["state"] as const;
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

interface PartnerWebhookProps extends PartProps {
  open: string | undefined;
  path: string;
}

export function PartnerWebhook({ partner, open, path, onChanged }: PartnerWebhookProps) {
  const { query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<Delivery>(`partners/${part(partner.id)}/deliveries`, asked, { keyOf: (one) => one.id, everyMs: LOOK_AGAIN_MS });
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
        <Part title="Deliveries">
          <FilterBar label="Deliveries">
            <FilterSelect
              label="State"
              value={filters.state}
              onSelect={(state) => go(at, writeFilters({ state }, NAMES), { replace: true })}
              choices={STATES.map((value) => ({ value, label: wordsOf(value) }))}
            />
          </FilterBar>
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
            <Empty icon="webhook" title={asked === "" ? "Nothing was sent yet" : "No delivery is like this"}>
              {asked === ""
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
      {open !== undefined && <DeliveryPanel key={open} partner={partner.id} id={open} back={{ path, query: asked }} onChanged={() => void pages.reload()} />}
    </>
  );
}

function Endpoint({ partner, onChanged }: { partner: Partner; onChanged: () => void }) {
  const may = useMay("webhook_write");
  const [editing, setEditing] = useState<keyof typeof ADDRESSES>();
  const { webhook } = partner;
  return (
    <Part title="Endpoint">
      {webhook ? <State webhook={webhook} /> : <Notice tone="info">No address is set. The partner can poll or listen on a WebSocket instead.</Notice>}
      {may && !editing && (
        <div class="acts">
          {webhook && <Try partner={partner} webhook={webhook} onChanged={onChanged} />}
          <Button onClick={() => setEditing("webhook")}>{webhook ? "Change the address" : "Set an address"}</Button>
          {webhook && <Button onClick={() => setEditing("status")}>{webhook.status_url ? "Change where effects are counted" : "Say where effects are counted"}</Button>}
        </div>
      )}
      {editing && <AddressForm key={editing} of={editing} partner={partner} onClose={() => setEditing(undefined)} onChanged={onChanged} />}
    </Part>
  );
}

/** A test event shows whether the endpoint answers; one that was switched off is switched on first. */
function Try({ partner, webhook, onChanged }: PartProps & { webhook: Webhook }) {
  const { isBusy, problem, send } = useSend();
  const isOff = webhook.state === "disabled";
  const path = `partners/${part(partner.id)}/webhook/${isOff ? "enable" : "test"}`;
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
  const { isBusy, problem, send } = useSend();
  const save = (event: Event) => {
    event.preventDefault();
    void send(() => post(`partners/${part(partner.id)}/${path}`, { url: address.trim() }), () => {
      say(said);
      onClose();
      onChanged();
    });
  };
  return (
    <form class="inline-form" onSubmit={save}>
      <Input id="webhook-url" label={label} hint={hint} type="url" value={address} onInput={setAddress} mono placeholder={place} required={of === "webhook"} wide />
      <Button type="submit" kind="primary" isBusy={isBusy}>Save</Button>
      <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
      <SendProblem problem={problem} />
    </form>
  );
}
