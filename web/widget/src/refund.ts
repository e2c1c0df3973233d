// A first look at a refund address: its shape only, so that a slip is told while it is typed. Whether
// its checksum holds is for the server to say.

const BASE58 = "[1-9A-HJ-NP-Za-km-z]";
const EVM = /^0x[0-9a-f]{40}$/i;

const SHAPES: Record<string, RegExp> = {
  TRC20: new RegExp(`^T${BASE58}{33}$`),
  ERC20: EVM,
  BEP20: EVM,
  BITCOIN: new RegExp(`^(bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71}|[13]${BASE58}{25,34})$`),
  SOLANA: new RegExp(`^${BASE58}{32,44}$`),
};

export type AddressProblem = { kind: "empty" | "shape" } | { kind: "network"; like: string };

/** Wallets and mails break addresses into lines and put spaces around them. */
export const tidied = (text: string): string => text.replace(/\s+/g, "");

export function addressProblem(network: string, text: string): AddressProblem | undefined {
  if (text === "") return { kind: "empty" };
  const shape = SHAPES[network];
  if (!shape || shape.test(text)) return undefined;
  // Solana comes last: its shape has no mark of its own and fits much.
  const like = Object.keys(SHAPES).find((other) => SHAPES[other]?.test(text));
  return like ? { kind: "network", like } : { kind: "shape" };
}
