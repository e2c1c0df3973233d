// One delivery: what was sent, and what each attempt came to.

import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { inWorld } from "../core/world";
import { shortId } from "../format";
import { Button, Loading, Problem, SendProblem } from "../parts/basics";
import { Facts, Folded, Panel, Part } from "../parts/panel";
import { DeliveryMark, Mark } from "../parts/state";
import { Ago, Copy, Exact, Json } from "../parts/text";
import type { DeliveryDetail, Partner } from "../wire";

interface DeliveryPanelProps {
  partner: Partner;
  id: string;
  back: { path: string; query?: string };
  onChanged: () => void;
}

export function DeliveryPanel({ partner, id, back, onChanged }: DeliveryPanelProps) {
  const path = `partners/${part(partner.id)}/deliveries/${part(id)}`;
  const { data, problem, reload } = useLoad<DeliveryDetail>(inWorld(path, partner.environment));
  const may = useMay("webhook_write");
  const { isBusy, problem: refused, send } = useSend();
  const again = () =>
    void send(() => post(inWorld(`${path}/redeliver`, partner.environment)), () => {
      say("It is sent again.");
      void reload();
      onChanged();
    });
  return (
    <Panel title="Delivery" back={back} head={data && <DeliveryMark state={data.state} />}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading />}
      {data && (
        <>
          {may && <div class="acts"><Button kind="primary" isBusy={isBusy} onClick={again}>Send it again</Button></div>}
          <SendProblem problem={refused} />
          <Facts
            rows={[
              ["Delivery", <code>{data.id}</code>],
              [
                "Event",
                <span class="with-copy">
                  <code>{data.event_id}</code>
                  <Copy text={data.event_id} what="the event id" quiet />
                </span>,
              ],
              [
                "Order",
                data.merchant_transaction_id ? (
                  <a href={url(`/orders/${encodeURIComponent(data.merchant_transaction_id)}`)}>
                    <code>{shortId(data.merchant_transaction_id)}</code>
                  </a>
                ) : (
                  "None: a test event"
                ),
              ],
              ["Made", <Exact at={data.created_at} />],
              data.next_attempt_at ? ["Tried next", <Ago at={data.next_attempt_at} />] : null,
            ]}
          />
          <Part title="Attempts" note={String(data.log.length)}><Attempts log={data.log} /></Part>
          <Part title="What was sent"><pre class="json" tabIndex={0}>{pretty(data.body)}</pre></Part>
        </>
      )}
    </Panel>
  );
}

function Attempts({ log }: { log: DeliveryDetail["log"] }) {
  if (log.length === 0) return <p class="muted">None yet.</p>;
  return (
    <ol class="attempts">
      {log.map((attempt) => {
        const isGood = attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
        return (
          <li key={attempt.number}>
            <p class="attempt-head">
              <Mark tone={isGood ? "ok" : "stop"} icon={isGood ? "check" : "warn"} word={attempt.status === null ? "No answer" : String(attempt.status)} />
              <span class="muted small">{attempt.duration_ms} ms</span>
              <span class="small"><Exact at={attempt.started_at} /></span>
            </p>
            {attempt.error && <p class="small stop-text">{attempt.error}</p>}
            {attempt.body_start && <pre class="json short">{attempt.body_start}</pre>}
            <Folded title="Address and headers"><p class="small"><code>{attempt.url}</code></p><Json value={attempt.headers} /></Folded>
          </li>
        );
      })}
    </ol>
  );
}

/** As it was sent is what the signature is of; for the eye it is broken into lines where it is JSON. */
function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
