// What one person wants of a partner's live keys and addresses, and the second one's word.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useMe } from "../core/me";
import { say } from "../core/say";
import { may } from "../core/session";
import { useSend } from "../core/send";
import { exact } from "../format";
import type { Act, Change, ChangeSaid, Partner, Wallet, Wish } from "../wire";
import { Button, Notice, SendProblem } from "./basics";
import { Dialog } from "./dialog";
import { Facts } from "./panel";
import { Mark } from "./state";
import { Secret } from "./text";

type What = Change["what"];

interface Words {
  /** After a name. */
  wants: string;
  done: string;
  matter: string;
  act: Act;
}

const WORDS: Record<What, Words> = {
  token: { wants: "wants another live token", done: "The live token is made.", matter: "token", act: "token_write" },
  webhook_move: { wants: "wants another live webhook address", done: "The live webhook has a new address.", matter: "webhook", act: "webhook_write" },
  webhook_secret: { wants: "wants to exchange the live webhook’s secret", done: "The live webhook has a new secret.", matter: "secret", act: "webhook_write" },
  origin_add: { wants: "wants one more live page", done: "The live page is added.", matter: "origins", act: "partner_write" },
  origin_remove: { wants: "wants to remove a live page", done: "The live page is removed.", matter: "origins", act: "partner_write" },
  return_add: { wants: "wants one more live return link", done: "The live return link is added.", matter: "returns", act: "partner_write" },
  return_remove: { wants: "wants to remove a live return link", done: "The live return link is removed.", matter: "returns", act: "partner_write" },
  wallets: { wants: "wants other live wallets", done: "The live wallets are changed.", matter: "wallets", act: "wallet_write" },
};

export const graceWords = (seconds: number): string =>
  seconds === 0 ? "at once" : seconds % 86_400 === 0 ? `after ${seconds / 86_400} d` : seconds % 3_600 === 0 ? `after ${seconds / 3_600} h` : `after ${seconds} s`;

const code = (text: string) => <code>{text}</code>;

function rowsOf(change: Change): (readonly [string, ComponentChildren] | null)[] {
  switch (change.what) {
    case "token":
      return [["Old tokens", change.others_end_after_seconds === null ? "Stay good" : `End ${graceWords(change.others_end_after_seconds)}`]];
    case "webhook_move":
      return [["Now", change.before === null ? "None" : code(change.before)], ["Then", code(change.url)]];
    case "webhook_secret":
      return [["Old secret", `Stops signing ${graceWords(change.grace_seconds)}`]];
    case "origin_add":
    case "origin_remove":
      return [[change.what === "origin_add" ? "New page" : "Page to remove", code(change.origin)]];
    case "return_add":
    case "return_remove":
      return [[change.what === "return_add" ? "New link" : "Link to remove", code(change.link)]];
    case "wallets":
      return walletRows(change.before, change.wallets);
  }
}

/** Every address, also of those that stay: the second person looks at all of them. What changes comes first. */
function walletRows(before: Wallet[], wallets: Wallet[]): (readonly [string, ComponentChildren])[] {
  const old = new Map(before.map(({ pair, address }) => [pair, address]));
  const all = wallets.map(({ pair, address }) => ({ pair, address, was: old.get(pair) }));
  const changed = all.filter(({ address, was }) => address !== was);
  const gone = before.filter(({ pair }) => !wallets.some((wallet) => wallet.pair === pair));
  return [
    ...changed.map(({ pair, address, was }) => [pair, <><Mark tone="wait" icon="warn" word={was === undefined ? "New" : "Changes"} /><p>{code(address)}</p>{was !== undefined && <p class="small muted">Now {code(was)}</p>}</>] as const),
    ...gone.map(({ pair, address }) => [pair, <><Mark tone="stop" icon="stop" word="Goes" /><p class="small muted">Now {code(address)}</p></>] as const),
    ...all.filter(({ address, was }) => address === was).map(({ pair, address }) => [pair, <>{code(address)}<p class="small muted">Stays</p></>] as const),
  ];
}

interface WishesProps {
  partner: Partner;
  of: What[];
  onChanged: () => void;
}

/** What is wished for stands in both worlds' pages: nobody should miss it. */
export function Wishes({ partner, of, onChanged }: WishesProps) {
  const [said, setSaid] = useState<ChangeSaid>();
  return (
    <>
      {partner.changes.filter(({ change }) => of.includes(change.what)).map((wish) => (
        <WishCard key={`${wish.change.what} ${wish.at}`} partner={partner} wish={wish} onChanged={onChanged} onSecret={setSaid} />
      ))}
      {said && <ShownOnce said={said} onClose={() => setSaid(undefined)} />}
    </>
  );
}

function WishCard({ partner, wish, onChanged, onSecret }: Omit<WishesProps, "of"> & { wish: Wish; onSecret: (said: ChangeSaid) => void }) {
  const me = useMe();
  const words = WORDS[wish.change.what];
  const isMine = wish.by === me.member.name;
  const mayAct = may(me, words.act);
  const { isBusy, problem, send } = useSend();
  const path = `partners/${part(partner.id)}/changes`;
  const agree = () =>
    void send(() => post<ChangeSaid>(`${path}/agree`, { change: wish.change, at: wish.at }), (answer) => {
      sayChanged(answer, words.done);
      if (answer.client_token ?? answer.webhook_secret) onSecret(answer);
      onChanged();
    });
  const withdraw = () =>
    void send(() => post(`${path}/${words.matter}/withdraw`), () => {
      say("It is taken back.");
      onChanged();
    });
  return (
    <section class="card wish" aria-label="A wish">
      <Notice tone={isMine ? "wait" : "accent"} title={isMine ? "You have proposed a change of what is live" : `${wish.by} ${words.wants}`}>
        {isMine
          ? "Nothing has changed yet: a second person has to say the same, and one of the two has to be an operator or an owner."
          : "Look at every line with your own eyes, and ask whoever wants it by another way than the one it came by."}
      </Notice>
      <Facts rows={[["Proposed", exact(wish.at)], ...rowsOf(wish.change)]} />
      <SendProblem problem={problem} />
      {mayAct && (
        <div class="acts">
          {!isMine && <Button kind="primary" isBusy={isBusy} onClick={agree}>I want the same</Button>}
          <Button onClick={withdraw} disabled={isBusy}>{isMine ? "Take it back" : "Turn it down"}</Button>
        </div>
      )}
    </section>
  );
}

export function sayChanged({ ruled }: ChangeSaid, done: string): void {
  if (ruled === "done") say(done);
  else say("Proposed. A second person has to say the same.", "wait");
}

/** Above a form that changes something live. */
export function TakesTwo({ children }: { children?: ComponentChildren }) {
  return <Notice tone="wait" title="Real money: this takes two">What you send is a proposal. {children ?? "A second person sees it here and says the same; one of the two is an operator or an owner."}</Notice>;
}

export function ShownOnce({ said: { client_token, webhook_secret }, onClose }: { said: ChangeSaid; onClose: () => void }) {
  return (
    <Dialog title={client_token ? "The new token" : "The webhook’s secret"} onClose={onClose}>
      <div class="form">
        <Secret text={client_token ?? webhook_secret ?? ""} what={client_token ? "the token" : "the secret"} />
        <Notice tone="wait" title="It is shown once">Put it where the partner’s server reads its secrets. It is never for a browser or an app.</Notice>
        <div class="form-actions"><Button kind="primary" onClick={onClose}>I have it</Button></div>
      </div>
    </Dialog>
  );
}
