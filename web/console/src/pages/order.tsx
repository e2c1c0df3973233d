// One order: what it is, what happened in words, its money, and what people can decide.

import { useCallback, useEffect, useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useEvery, useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { say } from "../core/say";
import { isPortal } from "../core/session";
import { amountWords, plural, shortId, shorten, webAddress, wordsOf } from "../format";
import { ActDialog, type Answered } from "../parts/act-dialog";
import { Button, Loading, Notice, Problem } from "../parts/basics";
import { Icon } from "../parts/icons";
import { Facts, Folded, Panel, Part } from "../parts/panel";
import { Proposed } from "../parts/proposed";
import { DeliveryMark, StatusMark } from "../parts/state";
import { Ago, Copy, Exact, Json } from "../parts/text";
import { Timeline } from "../parts/timeline";
import { troubleRow } from "../parts/trouble";
import { actWords, caseTitle, confirmWords } from "../words";
import type { Deliveries, OrderStory, Refund, Rule, Ruled } from "../wire";
import { Postings } from "./order-postings";

const LOOK_AGAIN_MS = 5000;
// The server counts a page as open for a minute.
const WATCH_MS = 15_000;
const ADDRESSES: Record<string, string> = { to: "Sent to", deposit: "Deposit to", refund: "Goes back to" };

interface OrderPanelProps {
  id: string;
  back: { path: string; query?: string };
  onChanged: () => void;
}

export function OrderPanel({ id, back, onChanged }: OrderPanelProps) {
  const { data, problem, reload } = useLoad<OrderStory>(`orders/${part(id)}`, { everyMs: LOOK_AGAIN_MS });
  const changed = () => {
    void reload();
    onChanged();
  };
  return (
    <Panel title={data ? titleOf(data) : "Order"} back={back} head={data && <StatusMark status={data.order.status} />}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={8} />}
      {data && <Story story={data} onChanged={changed} />}
    </Panel>
  );
}

const titleOf = ({ order }: OrderStory): string => `${wordsOf(order.side)} ${amountWords(order.amount, order.currency)}`;

function Story({ story, onChanged }: { story: OrderStory; onChanged: () => void }) {
  const { order, cases, transfers } = story;
  const mayRule = useMay("order_rule");
  return (
    <>
      {order.environment === "live" && mayRule && <Watch order={order} />}
      <Actions story={story} onChanged={onChanged} />
      <Facts
        rows={[
          [
            "Order",
            <span class="with-copy">
              <code>{order.id}</code>
              <Copy text={order.id} what="the order's id" quiet />
            </span>,
          ],
          [
            order.side === "buy" ? "Paid" : "Pays out",
            order.fiat_amount === "" ? "No price yet" : <strong class="amount">{amountWords(order.fiat_amount, order.fiat_currency)}</strong>,
          ],
          ["Network", order.network],
          ...story.addresses.map(({ what, address, fingerprint }) => [ADDRESSES[what] ?? what, <><code>{address}</code><p class="small muted">Fingerprint <code>{fingerprint}</code></p></>] as const),
          ["State", wordsOf(order.state)],
          ["Partner", <>{order.partner.name}{order.environment === "test" && <span class="tag">test</span>}</>],
          ["User", <code>{order.partner_user_id}</code>],
          ["Made", <Exact at={order.created_at} />],
          story.looks_again_at ? ["Looked at next", <Exact at={story.looks_again_at} />] : null,
          troubleRow(story.trouble),
        ]}
      />
      <Part title="What happened"><Timeline events={story.events} order={order} /></Part>
      {transfers.length > 0 && <Part title="Transfers"><Transfers transfers={transfers} /></Part>}
      <Told order={order} />
      {cases.length > 0 && (
        <Part title="Cases">
          <ul class="lines">
            {cases.map((one) => (
              <li key={one.case}>
                <a href={url(`/waiting/cases/${encodeURIComponent(one.case)}`)}>{caseTitle(one.kind)}</a>
                <span class="muted">{wordsOf(one.state)}</span>
                <span class="amount">{one.amount}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {story.postings.length > 0 && <Part title="In the books" note="Debit positive"><Postings postings={story.postings} /></Part>}
      {story.facts !== null && <Folded title="Everything that is kept, as JSON"><Json value={story.facts} /></Folded>}
    </>
  );
}

/** A partner's first live orders go on only while somebody who may decide looks at them. */
function Watch({ order }: { order: OrderStory["order"] }) {
  const ends = ["completed", "failed", "cancelled"].includes(order.status);
  const tell = useCallback(() => post<void>(`orders/${part(order.id)}/watch`).catch(() => undefined), [order.id]);
  useEffect(() => void tell(), [tell]);
  useEvery(ends ? undefined : WATCH_MS, tell);
  return <Notice tone={ends ? "ok" : "wait"} title="A live order">{ends ? "It was real." : "You are watching it as long as this page is open."}</Notice>;
}

/** What the partner's webhook was sent about it, the latest first. */
function Told({ order }: { order: OrderStory["order"] }) {
  const may = useMay("partner_read");
  const { environment, partner, id } = order;
  const asked = new URLSearchParams({ environment, order: id, limit: "20" }).toString();
  const { data } = useLoad<Deliveries>(may ? `partners/${part(partner.id)}/deliveries?${asked}` : null, { everyMs: LOOK_AGAIN_MS });
  const path = isPortal(useMe()) ? "/webhook" : `/partners/${encodeURIComponent(partner.id)}/webhook`;
  if (!data || data.data.length === 0) return null;
  return (
    <Part title="Told by webhook">
      <ul class="lines">
        {data.data.map((one) => (
          <li key={one.id}>
            <a href={url(`${path}/${encodeURIComponent(one.id)}`, environment === "live" ? "environment=live" : "")}><code>{shortId(one.id)}</code></a>
            <DeliveryMark state={one.state} />
            <span class="muted">{plural(one.attempts, "attempt")}, <Ago at={one.created_at} /></span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Transfers({ transfers }: { transfers: OrderStory["transfers"] }) {
  return (
    <ul class="lines">
      {transfers.map(({ hash, network, explorer_url }) => {
        const address = webAddress(explorer_url);
        return (
          <li key={hash}>
            <span class="with-copy">
              {address ? (
                <a class="outward" href={address} target="_blank" rel="noopener noreferrer" title={hash}>
                  <code>{shorten(hash, 8)}</code>
                  <Icon name="out" size={12} />
                </a>
              ) : (
                <code title={hash}>{shorten(hash, 8)}</code>
              )}
              <Copy text={hash} what="the hash" quiet />
            </span>
            <span class="muted">{network}</span>
          </li>
        );
      })}
    </ul>
  );
}

const REFUND = "refund_completed";

/** What people can do now; on top, since somebody who opens a waiting order came for that. */
function Actions({ story, onChanged }: { story: OrderStory; onChanged: () => void }) {
  const mayRule = useMay("order_rule");
  const [act, setAct] = useState<string>();
  const { order, rulings, why, proposed, cases } = story;
  const refunds = order.side === "buy" && order.status === "completed";
  const close = () => setAct(undefined);
  const done = ({ ruled }: Ruled) => {
    close();
    say(ruled === "done" ? "Done: two people agree." : "Proposed. A second operator has to say the same.", ruled === "done" ? "ok" : "wait");
    onChanged();
  };
  return (
    <>
      {why && <Notice tone="wait" title="Waits for people">{why}</Notice>}
      {proposed && <Proposed text={proposed} />}
      {cases.filter(({ state }) => state === "in_review").map((one) => (
        <Notice
          key={one.case}
          tone="wait"
          title={`${caseTitle(one.kind)}: ${one.amount}`}
          action={<a class="button plain small-button" href={url(`/waiting/cases/${encodeURIComponent(one.case)}`)}>Look at it</a>}
        >
          This case waits for people.
        </Notice>
      ))}
      {mayRule && (rulings.length > 0 || refunds) && (
        <div class="acts">
          {rulings.map((ruling) => (
            <Button key={ruling} kind={actWords(ruling).isDanger ? "plain" : "primary"} onClick={() => setAct(ruling)}>
              {actWords(ruling).verb}
            </Button>
          ))}
          {refunds && !rulings.includes("refund") && <Button onClick={() => setAct(REFUND)}>Refund…</Button>}
        </div>
      )}
      {act === REFUND && <RefundDialog story={story} onClose={close} onDone={done} />}
      {act !== undefined && act !== REFUND && <RuleDialog story={story} act={act} onClose={close} onDone={done} />}
    </>
  );
}

interface DialogProps {
  story: OrderStory;
  onClose: () => void;
  onDone: (ruled: Ruled) => void;
}

const object = ({ order }: OrderStory) =>
  [
    ["Order", <><code>{shortId(order.id)}</code> of {order.partner.name}</>],
    ["Crypto", <strong class="amount">{amountWords(order.amount, order.currency)}</strong>],
    order.fiat_amount === "" ? null : (["Money", <strong class="amount">{amountWords(order.fiat_amount, order.fiat_currency)}</strong>] as const),
  ] as const;

function RuleDialog({ story, act, onClose, onDone }: DialogProps & { act: string }) {
  const words = actWords(act);
  const me = useMe().member.name;
  const say = ({ reason, text }: Answered): Promise<Ruled> => {
    const rule: Rule = { act, reason, ...(words.text ? { text } : {}) };
    return post(`orders/${part(story.order.id)}/rule`, rule);
  };
  return (
    <ActDialog<Ruled>
      asked={{
        title: `${words.verb}?`,
        verb: words.verb,
        facts: [...object(story)],
        effect: words.effect,
        confirm: confirmWords(act, story.proposed, me),
        proposed: story.proposed,
        text: words.text,
        isDanger: words.isDanger,
      }}
      onClose={onClose}
      act={say}
      onDone={onDone}
    />
  );
}

function RefundDialog({ story, onClose, onDone }: DialogProps) {
  const { order, proposed } = story;
  const me = useMe().member.name;
  const money = amountWords(order.fiat_amount, order.fiat_currency);
  const refund = ({ amount, reason }: Answered): Promise<Ruled> => {
    const body: Refund = { reason, ...(amount === "" ? {} : { amount }) };
    return post(`orders/${part(order.id)}/refund`, body);
  };
  return (
    <ActDialog<Ruled>
      asked={{
        title: `Refund of ${money}?`,
        verb: "Refund",
        facts: [...object(story)],
        effect: "The money goes back to the card that paid. The crypto has been delivered and does not come back.",
        amount: { label: `Amount in ${order.fiat_currency}`, hint: "Left empty: all that is left to be given back." },
        confirm: confirmWords("refund", proposed, me),
        proposed,
        isDanger: true,
      }}
      onClose={onClose}
      act={refund}
      onDone={onDone}
    />
  );
}
