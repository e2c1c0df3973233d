// Reads addresses with the libraries of wallets: each line of standard input is a network, a text, and how we read it.
import { createInterface } from 'node:readline';
import * as curve from '@bitcoinerlab/secp256k1';
import { address as bitcoin, initEccLib } from 'bitcoinjs-lib';
import { getAddress } from 'ethers';
import { TronWeb } from 'tronweb';

initEccLib(curve);

const NOBODY = `0x${'0'.repeat(40)}`;
const TRON_NOBODY = TronWeb.address.fromHex(`41${'0'.repeat(40)}`);

const attempt = (read) => {
  try {
    return read();
  } catch {
    return null;
  }
};

// Where these libraries take more than one form, we take the one that people see.
const READERS = {
  // Without `0x` it is a number like any other; and nobody has the account of zeros.
  ERC20: (text) => attempt(() => (/^0x/.test(text) && getAddress(text) !== NOBODY ? getAddress(text) : null)),
  TRC20: (text) => (text.startsWith('T') && text !== TRON_NOBODY && TronWeb.isAddress(text) ? text : null),
  BITCOIN: (text) => {
    const segwit = attempt(() => bitcoin.fromBech32(text));
    // Versions that have no rule yet.
    if (segwit && segwit.version > 1) return null;
    const script = attempt(() => bitcoin.toOutputScript(text));
    return script && (segwit ? text.toLowerCase() : text);
  },
};

let cases = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [network, text, ours] = JSON.parse(line);
  const theirs = READERS[network](text);
  if (theirs !== ours) {
    console.error(`${network} ${JSON.stringify(text)}: they read ${theirs}, we ${ours}`);
    process.exit(1);
  }
  cases += 1;
}
console.log(cases);
