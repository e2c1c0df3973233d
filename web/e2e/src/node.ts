// A chain's node of this test's own: where it listens, and how it is asked.

import { createServer, type AddressInfo } from "node:net";

export const READY_MS = 15_000;

/** Somebody turned this network off by name. */
export const without = (network: string): boolean => (process.env["PROOF_WITHOUT"] ?? "").split(",").includes(network);

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** `login`: name and password, which `fetch` takes in no address. */
export async function rpc(url: string, method: string, params: unknown[], login?: string): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "content-type": "application/json", ...(login ? { authorization: `Basic ${btoa(login)}` } : {}) };
  const answer = await fetch(url, { method: "POST", headers, body });
  const { result, error } = (await answer.json()) as { result?: unknown; error?: unknown };
  if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}
