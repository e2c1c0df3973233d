// A mail server that keeps what it is given, for the tests beside it: one line of JSON when it listens,
// and one for each letter. What it answers is in the address that a letter is for.

import { SMTPServer } from "smtp-server";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const secure = process.argv.includes("--tls");

const refusal = (address) => {
  if (address.startsWith("nobody@")) return Object.assign(new Error("no such mailbox"), { responseCode: 550 });
  if (address.startsWith("busy@")) return Object.assign(new Error("come again"), { responseCode: 451 });
  return undefined;
};

const server = new SMTPServer({
  // Its certificate is one that nobody vouches for.
  secure,
  authOptional: false,
  allowInsecureAuth: true,
  disabledCommands: secure ? [] : ["STARTTLS"],
  logger: false,
  onAuth: ({ username, password }, _session, done) => {
    const good = username === "proof" && password === "pass/word";
    done(good ? null : new Error("who are you"), good ? { user: username } : undefined);
  },
  onRcptTo: ({ address }, _session, done) => done(refusal(address)),
  onData: (stream, session, done) => {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      say({ from: mailFrom.address, to: rcptTo.map(({ address }) => address), data: Buffer.concat(chunks).toString() });
      done();
    });
  },
});
// A client that turns away from the certificate is what one of the tests wants.
server.on("error", () => undefined);
server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
