// A Bitcoin of this test's own: Bitcoin Core's node on regtest, which ci/bitcoin builds, with a block a second.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "@playwright/test";
import { address, crypto, script, Transaction } from "bitcoinjs-lib";
import { freePort, READY_MS, rpc } from "./node.ts";

const BUILD = resolve(import.meta.dirname, "../../../ci/bitcoin");
const LOGIN = "proof:secret";
const BLOCK_MS = 1_000;
/** After these the first coin of a miner can be spent. */
const RIPE = 100;
const COIN = 50n * 10n ** 8n;
const FEE = 10_000n;
/** True: the script of whoever says nothing. */
const ANYBODY = script.fromASM("OP_TRUE");
const ANYBODYS = script.compile([0, crypto.sha256(ANYBODY)]);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The node writes coins as numbers with eight places. */
const satoshi = (coins: number): bigint => BigInt(coins.toFixed(8).replace(".", ""));

interface Output {
  hash: Uint8Array;
  index: number;
  value: bigint;
}

export class Regtest {
  private blocks = 0;
  private stopped = false;
  /** What anybody may spend. */
  private rich: Output = { hash: new Uint8Array(), index: 0, value: 0n };

  private constructor(
    private readonly child: ChildProcess,
    private readonly dir: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<Regtest> {
    const binary = execFileSync(BUILD, { encoding: "utf8" }).trim();
    const dir = mkdtempSync(join(tmpdir(), "proof-e2e-bitcoin-"));
    const port = await freePort();
    const [rpcuser, rpcpassword] = LOGIN.split(":");
    const options = ["regtest", "server", "txindex", "listen=0", "connect=0", "printtoconsole=0", "debuglogfile=0", "par=1"];
    const own = [`datadir=${dir}`, `rpcport=${port}`, `rpcuser=${rpcuser}`, `rpcpassword=${rpcpassword}`];
    const child = spawn(binary, [...options, ...own].map((option) => `-${option}`), { stdio: ["ignore", "ignore", "inherit"] });
    const node = new Regtest(child, dir, port);
    await expect.poll(() => node.call("getblockcount").catch(() => -1), { timeout: READY_MS, intervals: [50] }).toBe(0);
    await node.begin();
    void node.mining();
    return node;
  }

  /** A first coin, and enough blocks on it, all in the past: blocks of one moment would run ahead of the clock. */
  private async begin(): Promise<void> {
    await this.call("setmocktime", Math.floor(Date.now() / 1_000) - 3_600);
    const [first] = (await this.call("generatetodescriptor", 1, `raw(${hex(ANYBODYS)})`)) as [string];
    const { tx } = (await this.call("getblock", first)) as { tx: [string] };
    this.rich = { hash: Buffer.from(tx[0], "hex").reverse(), index: 0, value: COIN };
    await this.mine(RIPE);
    await this.call("setmocktime", 0);
  }

  /** To nobody, and each block to another one: no two are the same. */
  private async mine(blocks: number): Promise<void> {
    this.blocks += 1;
    await this.call("generatetodescriptor", blocks, `raw(6a04${this.blocks.toString(16).padStart(8, "0")})`);
  }

  private async mining(): Promise<void> {
    while (!this.stopped) {
      // Where the node has ended, the test says so by itself.
      await this.mine(1).catch(() => undefined);
      await new Promise((later) => setTimeout(later, BLOCK_MS));
    }
  }

  private call(method: string, ...params: unknown[]): Promise<unknown> {
    return rpc(`http://127.0.0.1:${this.port}`, method, params, LOGIN);
  }

  /** For `proof dev --networks`, and for a server's own configuration. */
  networks(...more: string[]): string {
    const file = join(this.dir, `networks-${more.length}.toml`);
    const network =
      `[networks.BITCOIN]\nadapter = "bitcoin"\nrpc = ["http://${LOGIN}@127.0.0.1:${this.port}"]\nchain = "regtest"\n` +
      `confirmations = 2\nfee_sat_per_vb_max = 100\npoll_ms = 250\nexplorer = "http://127.0.0.1:9"\n`;
    writeFileSync(file, [...more, network].join("\n"));
    return file;
  }

  /** Addresses are written as on the main chain: a script names none. */
  async send(to: string, value: bigint): Promise<void> {
    const transaction = new Transaction();
    transaction.version = 2;
    transaction.addInput(this.rich.hash, this.rich.index);
    transaction.setWitness(0, [ANYBODY]);
    transaction.addOutput(address.toOutputScript(to), value);
    const left = this.rich.value - value - FEE;
    const index = transaction.addOutput(ANYBODYS, left);
    await this.call("sendrawtransaction", transaction.toHex());
    this.rich = { hash: transaction.getHash(), index, value: left };
  }

  /** What lies at an address, coin by coin, in satoshi. */
  async coins(at: string): Promise<bigint[]> {
    const found = (await this.call("scantxoutset", "start", [`raw(${hex(address.toOutputScript(at))})`])) as { unspents: { amount: number }[] };
    return found.unspents.map(({ amount }) => satoshi(amount));
  }

  /** What a transaction gave away, change included. */
  async outputs(hash: string): Promise<bigint[]> {
    const { vout } = (await this.call("getrawtransaction", hash, true)) as { vout: { value: number }[] };
    return vout.map(({ value }) => satoshi(value));
  }

  stop(): void {
    this.stopped = true;
    this.child.kill("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }
}
