// The price moved while the deposit was on its way: today's price, or the crypto back.

import { messages } from "../messages";
import { PriceOrBack } from "../parts/price-or-back";
import { orderOffer } from "../quote";
import type { Session } from "../session";
import type { View } from "../view";

const words = messages.sell.choice;

export function Choice({ view, session, clockAheadMs }: { view: View; session: Session; clockAheadMs: number }) {
  return (
    <PriceOrBack
      view={view}
      session={session}
      clockAheadMs={clockAheadMs}
      offer={orderOffer(view)}
      until={view.sale?.choose_until}
      agreed={view.sale?.agreed}
      take={(api, quote) => api.takeTodaysPrice(quote)}
      back={(api) => api.takeCryptoBack()}
      title={words.title}
      text={words.text(view)}
      standard={words.standard(view, view.sale?.choose_until)}
    />
  );
}
