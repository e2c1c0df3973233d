// Everything that differs from shop to shop comes from the environment.

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set. See README.md.`);
}

export const config = {
  /** Where Proof runs, without a slash at the end. */
  proofUrl: required("PROOF_URL").replace(/\/+$/, ""),
  /** The secret of this shop's backend. It must never reach a browser. */
  proofToken: required("PROOF_TOKEN"),
  /** Set: webhooks must be signed with it. */
  webhookSecret: process.env.PROOF_WEBHOOK_SECRET || undefined,
  /** `user_wallet`: the buyer names the wallet; otherwise the shop's own wallets are registered with Proof. */
  partnerType: process.env.PROOF_PARTNER_TYPE ?? "treasury",
  port: Number(process.env.SHOP_PORT ?? "3000"),
  /** The address that browsers use, when it is not http://127.0.0.1:PORT. */
  origin: process.env.SHOP_ORIGIN || undefined,
  /** A file that keeps the orders over a restart; without it they live in memory. */
  dataFile: process.env.SHOP_DATA || undefined,
  /** How often an open order is asked for. The contract suggests 5 to 10 seconds. */
  pollMs: Number(process.env.SHOP_POLL_S ?? "10") * 1000,
  /** Set by `proof dev` only: where the page may play the wallet of a user who sells. */
  sandboxUrl: process.env.PROOF_SANDBOX_URL || undefined,
  exitOnStdinClose: process.env.SHOP_EXIT_ON_STDIN_CLOSE === "1",
};
