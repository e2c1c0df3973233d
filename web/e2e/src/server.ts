// `proof dev` as a test sees it: one process to start, one line to read, one process to end.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** Somebody who may sign in to the console. */
export interface Person {
  name: string;
  password: string;
  totp_secret: string;
}

export interface Proof {
  base_url: string;
  /** By its name, for which browsers keep passkeys. */
  console_url: string;
  widget_script: string;
  shop_url: string;
  cards_url: string;
  /** The chains and all else that is outside. */
  world_url: string;
  /** Folder of the letters to users. */
  outbox: string;
  /** The data folder, where operators' commands find the server. */
  data: string;
  partners: { name: string; type: string; partner_id: string; client_token: string; widget_id: string }[];
  /** alice owns the installation, bob operates it, carol is of the first partner. */
  people: Person[];
}

const ROOT = resolve(import.meta.dirname, "../../..");
export const BINARY = process.env["PROOF_E2E_BINARY"] ?? join(ROOT, "target/debug/proof");
const READY_MS = 30_000;
const END_MS = 15_000;

/** `more`: options beside those of every test. Backups go to a folder that is there, unless it names one. */
export async function startProof(worker: number, more: string[] = []): Promise<{ proof: Proof; stop: () => Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), "proof-e2e-"));
  const database = freshDatabase(worker);
  const options = ["dev", "--port", "0", "--shop-port", "0", "--data", data, "--settle-seconds", "20", "--metrics-port", "0", "--json", ...database.options, ...more];
  // PostgreSQL's own programs need not be here.
  if (database.options.length === 0 && !more.includes("--backup-to")) options.push("--backup-to", freshFolder(data));
  // The shop polls beside its two other channels; nobody here waits its usual ten seconds for that.
  const env = { ...process.env, SHOP_POLL_S: "1" };
  const child = spawn(BINARY, options, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const errors: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const proof = { ...(await readyLine(child, errors)), data };
  const stop = async () => {
    await end(child);
    rmSync(data, { recursive: true, force: true });
    database.drop();
  };
  return { proof, stop };
}

function freshFolder(data: string): string {
  const folder = join(data, "backups");
  mkdirSync(folder);
  return folder;
}

async function readyLine(child: ChildProcess, errors: string[]): Promise<Proof> {
  if (!child.stdout) throw new Error("proof dev has no output");
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(READY_MS);
  const ended = once(child, "exit", { signal }).then(() => {
    throw new Error(`proof dev ended before it was ready:\n${errors.join("")}`);
  });
  const [line] = (await Promise.race([once(lines, "line", { signal }), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line) as Proof;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await gone;
  clearTimeout(timer);
}

/**
 * SQLite in the data folder, unless PROOF_E2E_DATABASE_URL names a PostgreSQL server: then a database of
 * its own for every start, because a sandbox world begins empty and its books must, too.
 */
function freshDatabase(worker: number): { options: string[]; drop: () => void } {
  const server = process.env["PROOF_E2E_DATABASE_URL"];
  if (!server) return { options: [], drop: () => undefined };
  const name = `proof_e2e_${process.pid}_${worker}_${Date.now()}`;
  const sql = (statement: string) => execFileSync("psql", [server, "-qc", statement]);
  sql(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { options: ["--database-url", url.href], drop: () => sql(`DROP DATABASE ${name} WITH (FORCE)`) };
}
