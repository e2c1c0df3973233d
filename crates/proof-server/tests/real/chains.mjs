// Takes signed transfers as chains do, by the libraries of wallets: each line of standard input is one.
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { createInterface } from 'node:readline';
import * as curve from '@bitcoinerlab/secp256k1';
import { Transaction as Payment, address, payments, script } from 'bitcoinjs-lib';
import { Transaction, recoverAddress } from 'ethers';

const TAKEN = {
  // No signature with a high s is read.
  ERC20: ({ signed, hash, sender }) => {
    const transaction = Transaction.from(`0x${signed}`);
    strictEqual(transaction.hash, hash);
    strictEqual(transaction.from, sender);
  },
  TRC20: ({ signed, hash, account }) => {
    const signature = `0x${signed.slice(-130)}`;
    strictEqual(recoverAddress(`0x${hash}`, signature).toLowerCase(), `0x${account}`);
  },
  BITCOIN: ({ signed, hash, sender, values }) => {
    const payment = Payment.fromHex(signed);
    strictEqual(payment.getId(), hash);
    strictEqual(payment.ins.length, values.length);
    payment.ins.forEach(({ witness: [der, pubkey] }, input) => {
      const own = payments.p2wpkh({ pubkey });
      deepStrictEqual(own.output, address.toOutputScript(sender));
      const { signature, hashType } = script.signature.decode(der);
      const code = payments.p2pkh({ pubkey }).output;
      const digest = payment.hashForWitnessV0(input, code, BigInt(values[input]), hashType);
      ok(curve.verify(digest, pubkey, signature, true), 'with a low s');
    });
  },
};

let taken = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const transfer = JSON.parse(line);
  TAKEN[transfer.network](transfer);
  taken += 1;
}
console.log(taken);
