// Compiles tokens.sol with npm's solc and OpenZeppelin, offline:  node compile.mjs OUT
import { createRequire } from 'node:module';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const solc = require('solc');
const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];

const input = {
  language: 'Solidity',
  sources: { 'tokens.sol': { content: readFileSync(join(here, 'tokens.sol'), 'utf8') } },
  settings: {
    optimizer: { enabled: true },
    evmVersion: 'paris',
    outputSelection: { 'tokens.sol': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers'] } },
  },
};
const found = (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
const compiled = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
const errors = (compiled.errors ?? []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  console.error(errors.map((error) => error.formattedMessage).join('\n'));
  process.exit(1);
}
const contracts = Object.entries(compiled.contracts['tokens.sol']).map(([name, { evm }]) => [
  name,
  { code: `0x${evm.bytecode.object}`, calls: evm.methodIdentifiers },
]);
// Whole or not at all: tests run beside each other.
const half = `${out}.${process.pid}`;
writeFileSync(half, JSON.stringify(Object.fromEntries(contracts)));
renameSync(half, out);
