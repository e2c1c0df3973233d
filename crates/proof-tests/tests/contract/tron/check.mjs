// Reads what the signer signed with npm's tronweb, and makes the same again: each line of standard input is a case. With `--each`
// each is answered by a line, what is wrong with it or nothing; without, the first that is wrong ends it, else they are counted.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { strictEqual } from 'node:assert';

const require = createRequire(import.meta.url);
const { TronWeb, utils } = require('tronweb');

const low = (text) => text.replace(/^0x/, '').toLowerCase();
const each = process.argv.includes('--each');

function check(wish) {
  const { owner_address, to_address, contract_address, amount, data } = wish;
  // Addresses, both ways.
  const all = [
    [owner_address, wish.owner],
    [to_address ?? contract_address, wish.to],
  ];
  for (const [hex, text] of all) {
    strictEqual(TronWeb.isAddress(text), true);
    strictEqual(low(TronWeb.address.toHex(text)), hex);
    strictEqual(TronWeb.address.fromHex(hex), text);
  }
  // What tronweb would write.
  const type = contract_address ? 'TriggerSmartContract' : 'TransferContract';
  const value = contract_address ? { data, owner_address, contract_address } : { to_address, owner_address, amount };
  const raw_data = {
    contract: [{ parameter: { value, type_url: `type.googleapis.com/protocol.${type}` }, type }],
    ref_block_bytes: wish.ref_block_bytes,
    ref_block_hash: wish.ref_block_hash,
    expiration: wish.expiration,
    timestamp: wish.timestamp,
    ...(contract_address ? { fee_limit: wish.fee_limit } : {}),
  };
  const made = utils.transaction.txJsonToPb({ raw_data, visible: false });
  strictEqual(low(utils.transaction.txPbToTxID(made)), wish.hash);
  const raw_data_hex = low(utils.transaction.txPbToRawDataHex(made));
  // What it reads in ours.
  const signed = globalThis.TronWebProto.Transaction.deserializeBinary(Buffer.from(wish.signed_hex, 'hex'));
  strictEqual(low(Buffer.from(signed.getRawData().serializeBinary()).toString('hex')), raw_data_hex);
  const read = utils.deserializeTx.deserializeTransaction(type, raw_data_hex).contract[0].parameter.value;
  for (const [name, expected] of Object.entries(value)) {
    strictEqual(typeof expected === 'string' ? low(read[name]) : read[name], expected);
  }
  strictEqual(utils.transaction.txCheck({ visible: false, txID: wish.hash, raw_data_hex, raw_data }), true);
  // Whose signature it is.
  const [signature] = signed.getSignatureList_asU8().map((bytes) => Buffer.from(bytes).toString('hex'));
  strictEqual(low(utils.crypto.ecRecover(wish.hash, signature)), owner_address);
  if (!wish.key) return;
  // Where the key is known, it is the one that tronweb makes.
  const again = utils.crypto.signTransaction(wish.key, { txID: wish.hash });
  strictEqual(low(again.signature[0]), signature);
  strictEqual(TronWeb.address.fromPrivateKey(wish.key), wish.owner);
}

function wrong(wish) {
  try {
    check(wish);
    return '';
  } catch (error) {
    return error.message.replaceAll(/\s+/g, ' ') || 'wrong';
  }
}

let cases = 0;
for await (const line of createInterface({ input: process.stdin })) {
  if (each) console.log(wrong(JSON.parse(line)));
  else check(JSON.parse(line));
  cases += 1;
}
if (!each) console.log(cases);
