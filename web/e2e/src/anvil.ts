// An Ethereum of this test's own: Foundry's anvil from npm, with a token that solc compiles.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "@playwright/test";
import { freePort, READY_MS, rpc } from "./node.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const PLATFORM = `${process.platform === "darwin" ? "darwin" : "linux"}-${process.arch === "arm64" ? "arm64" : "amd64"}`;
const BINARY = join(ROOT, `node_modules/@foundry-rs/anvil-${PLATFORM}/bin/anvil`);
const COMPILER = join(ROOT, "crates/proof-tests/tests/contract/evm/compile.mjs");
const CHAIN_ID = 31_337;
/** `keccak256("Transfer(address,address,uint256)")` */
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

interface Compiled {
  code: string;
  calls: Record<string, string>;
}

const word = (value: string | bigint): string => (typeof value === "bigint" ? value.toString(16) : value.slice(2).toLowerCase()).padStart(64, "0");

export class Anvil {
  private constructor(
    private readonly child: ChildProcess,
    private readonly dir: string,
    private readonly url: string,
    private readonly token: Compiled,
    readonly usdt: string,
    private readonly rich: string,
  ) {}

  static async start(): Promise<Anvil> {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run 'npm ci', or leave this network out with PROOF_WITHOUT=evm`);
    const dir = mkdtempSync(join(tmpdir(), "proof-e2e-anvil-"));
    const out = join(dir, "contracts.json");
    execFileSync(process.execPath, [COMPILER, out], { stdio: ["ignore", "ignore", "inherit"] });
    const token = (JSON.parse(readFileSync(out, "utf8")) as { Moody: Compiled }).Moody;
    const port = await freePort();
    const child = spawn(BINARY, ["--port", String(port), "--chain-id", String(CHAIN_ID), "--block-time", "1", "--quiet"], { stdio: ["ignore", "ignore", "inherit"] });
    const url = `http://127.0.0.1:${port}`;
    const call = (method: string, params: unknown[]) => rpc(url, method, params);
    await expect.poll(() => call("eth_chainId", []).catch(() => ""), { timeout: READY_MS, intervals: [50] }).toBe(`0x${CHAIN_ID.toString(16)}`);
    const [rich] = (await call("eth_accounts", [])) as [string];
    const receipt = (await mined(url, { from: rich, data: token.code, gas: "0x2dc6c0" })) as { contractAddress: string };
    return new Anvil(child, dir, url, token, receipt.contractAddress, rich);
  }

  /** For `proof dev --networks`. */
  networks(): string {
    const file = join(this.dir, "networks.toml");
    writeFileSync(
      file,
      `[networks.ERC20]\nadapter = "evm"\nrpc = ["${this.url}"]\nchain_id = ${CHAIN_ID}\ntokens = { USDT = "${this.usdt}" }\n` +
        `confirmations = 2\nfee_gwei_max = 80\npoll_ms = 250\nexplorer = "http://127.0.0.1:9"\n`,
    );
    return file;
  }

  async sendNative(to: string, wei: bigint): Promise<void> {
    await mined(this.url, { from: this.rich, to, value: `0x${wei.toString(16)}` });
  }

  async sendToken(to: string, base: bigint): Promise<void> {
    const data = `0x${this.token.calls["transfer(address,uint256)"]}${word(to)}${word(base)}`;
    await mined(this.url, { from: this.rich, to: this.usdt, data });
  }

  /** What the token says was moved away from somebody, transfer by transfer. */
  async movedFrom(owner: string): Promise<bigint[]> {
    const topics = [TRANSFER, `0x${word(owner)}`];
    const logs = (await rpc(this.url, "eth_getLogs", [{ fromBlock: "0x0", address: this.usdt, topics }])) as { data: string }[];
    return logs.map(({ data }) => BigInt(data));
  }

  stop(): void {
    this.child.kill("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The receipt, once it is in a block. */
async function mined(url: string, transaction: object): Promise<unknown> {
  const hash = await rpc(url, "eth_sendTransaction", [transaction]);
  let receipt: unknown;
  const status = async () => {
    receipt = await rpc(url, "eth_getTransactionReceipt", [hash]);
    return (receipt as { status?: string } | null)?.status;
  };
  await expect.poll(status, { timeout: READY_MS, intervals: [100] }).toBe("0x1");
  return receipt;
}
