// What happened to an order: words first, each fact's JSON folded behind it.

import { day } from "../format";
import { eventNote, eventTitle, eventTone } from "../words";
import type { Order, OrderStory } from "../wire";
import type { IconName } from "./icons";
import { Icon } from "./icons";
import { Clock, Json } from "./text";

type Event = OrderStory["events"][number];
const ICONS: Record<ReturnType<typeof eventTone>, IconName> = { ok: "check", stop: "warn", wait: "wait", info: "circle" };

export function Timeline({ events, order }: { events: Event[]; order: Order }) {
  if (events.length === 0) return <p class="muted">Nothing yet.</p>;
  return (
    <ol class="timeline">
      {events.map((event, index) => {
        const date = day(event.at);
        return (
          <li key={event.sequence} class={eventTone(event.kind)}>
            {date !== (index > 0 ? day(events[index - 1]?.at ?? "") : "") && <p class="timeline-day">{date}</p>}
            <Step event={event} order={order} />
          </li>
        );
      })}
    </ol>
  );
}

function Step({ event, order }: { event: Event; order: Order }) {
  const note = eventNote(event.body, order);
  const hasBody = typeof event.body === "object" && event.body !== null && Object.keys(event.body).length > 0;
  const words = (
    <>
      <span class="timeline-dot"><Icon name={ICONS[eventTone(event.kind)]} size={12} /></span>
      <span class="timeline-words">{eventTitle(event.kind)}{note && <small>{note}</small>}</span>
      <Clock at={event.at} />
    </>
  );
  if (!hasBody) return <div class="timeline-step">{words}</div>;
  return (
    <details>
      <summary class="timeline-step">{words}</summary>
      <p class="small muted"><code>{event.kind}</code>, number {event.sequence}</p>
      <Json value={event.body} />
    </details>
  );
}
