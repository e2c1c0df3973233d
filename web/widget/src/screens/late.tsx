// The deposit came when the order was over: today's price as a new order, or the crypto back.

import { messages } from "../messages";
import { PriceOrBack } from "../parts/price-or-back";
import type { Session } from "../session";
import type { Case, View } from "../view";

const words = messages.sell.late;

export function Late({ one, view, session, clockAheadMs }: { one: Case; view: View; session: Session; clockAheadMs: number }) {
  return (
    <PriceOrBack
      view={view}
      session={session}
      clockAheadMs={clockAheadMs}
      offer={{ quote: one.quote, ask: (api) => api.lateQuote(one.id) }}
      until={one.choose_until}
      take={(api, quote) => api.sellLate(one.id, quote)}
      back={(api) => api.returnLate(one.id)}
      title={words.title(one)}
      text={words.text(one)}
      standard={messages.sell.choice.standard(view, one.choose_until)}
    />
  );
}
