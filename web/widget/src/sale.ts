// What can be read from the view of a sell: how far it has come, and what its payment code says.

import { isZero } from "./format";
import type { Case, View } from "./view";

/** Whether anything was seen at the deposit address, confirmed or not. */
export const hasDeposit = ({ sale }: View): boolean => !!sale && (sale.deposits.length > 0 || !isZero(sale.received));

/** Whether a part has come and the rest is waited for. */
export const isPart = ({ sale }: View): boolean => !!sale && !isZero(sale.received) && !isZero(sale.missing);

/** What came late and waits for a choice. */
export const lateOf = ({ sale }: View): Case | undefined => sale?.cases.find(({ state }) => state === "choose");

/** What is still to be sent. */
export const toSend = (view: View): string => (view.sale && isPart(view) ? view.sale.missing : view.crypto_amount);

const lastOf = (view: View, ...codes: string[]): string | undefined =>
  view.timeline.findLast((entry) => codes.includes(entry.code))?.code;

export const isReturning = (view: View): boolean => !!view.sale?.returning || lastOf(view, "return.started") !== undefined;

/** The network had confirmed the deposit and then dropped it, and has not shown it again. */
export const isLost = (view: View): boolean =>
  !isReturning(view) && lastOf(view, "deposit.confirmed", "deposit.lost") === "deposit.lost";

/** The network had shown a deposit, and dropped it before it was confirmed. */
export const isGone = (view: View): boolean => lastOf(view, "deposit.seen", "deposit.lost") === "deposit.lost";

/**
 * What the code on the screen tells a wallet. Only Bitcoin has one form that all wallets read with an amount (BIP-21), and only
 * where the server names it: on a chain for tests a wallet would send real coins. Elsewhere wallets disagree, and the bare address
 * is the one thing they all take: `tron:` names no token, TronLink's own reader refuses it, and its links want the sender's address.
 */
export const depositCode = (view: View): string => codeLink(view) ?? view.sale?.deposit_address ?? "";

/** Whether the code has the amount in it, too. */
export const isAmountInCode = (view: View): boolean => codeLink(view) !== undefined;

const codeLink = ({ network, sale }: View): string | undefined => (network === "BITCOIN" ? (sale?.deposit_link ?? undefined) : undefined);

export const heldSeconds = (view: View): number => Number.parseInt(view.sale?.price_held ?? "", 10);

/** Until when the price holds: a time, or as long as the deposit is waited for. Undefined where it cannot be told. */
export function priceHold(view: View): { until: string } | "whole" | undefined {
  const shownAt = Date.parse(view.timeline.find((entry) => entry.code === "deposit.awaited")?.at ?? "");
  const heldUntil = shownAt + heldSeconds(view) * 1000;
  if (Number.isNaN(heldUntil)) return undefined;
  return heldUntil >= Date.parse(view.sale?.deposit_until ?? "") ? "whole" : { until: new Date(heldUntil).toISOString() };
}
