// From the sandbox to real money: two people open it, and the first orders are watched.

import { useState } from "preact/hooks";
import { fieldOf, part, post } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { exact, plural } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Loading, Notice, Problem } from "../parts/basics";
import { Area, ErrorSummary, Input } from "../parts/field";
import { Facts, Part } from "../parts/panel";
import { Proposed } from "../parts/proposed";
import { Secret } from "../parts/text";
import { confirmWords } from "../words";
import type { Checklist, Live, LiveOpen, LiveOpened, Ruled } from "../wire";
import type { PartProps } from "./partner";

export function PartnerLive({ partner, onChanged }: PartProps) {
  const live = useLoad<Live>(`partners/${part(partner.id)}/live`);
  const list = useLoad<Checklist>(`partners/${part(partner.id)}/checklist`);
  const [opened, setOpened] = useState<LiveOpened>();
  const problem = live.problem ?? list.problem;
  if (opened?.client_token) return <Opened opened={opened} />;
  if (problem !== undefined) return <Problem problem={problem} onRetry={() => void Promise.all([live.reload(), list.reload()])} />;
  if (!live.data || !list.data) return <Loading />;
  const done = (answer: LiveOpened) => {
    setOpened(answer);
    if (answer.ruled === "proposed") {
      say("Proposed. A second person has to say the same.", "wait");
      void live.reload();
    } else onChanged();
  };
  const changed = () => {
    void live.reload();
    onChanged();
  };
  if (partner.stage !== "sandbox") return <Stands partner={partner} live={live.data} onChanged={changed} />;
  return <Closed partner={partner} live={live.data} list={list.data} onDone={done} />;
}

const STAGES: Record<string, { title: string; text: string }> = {
  live_watched: {
    title: "Live, and watched",
    text: "One order at a time, of at most 100.00 of a currency (10,000 yen), and only while somebody who may decide has its page open. Sign LIVE-2 on the checklist when the first one has arrived: that ends the watching.",
  },
  live: { title: "Live", text: "Nobody has to watch any more. Lines of the checklist that turn red take no token away." },
  suspended: { title: "Suspended", text: "No new session is made; orders that are under way end as they would." },
};

interface StandsProps {
  partner: PartProps["partner"];
  live: Live;
  onChanged: () => void;
}

function Stands({ partner, live, onChanged }: StandsProps) {
  const words = STAGES[partner.stage] ?? { title: partner.stage, text: "" };
  return (
    <Part title={words.title}>
      <Notice tone={partner.stage === "live" ? "ok" : "wait"}>{words.text}</Notice>
      <Facts
        rows={[
          ["Opened by", live.opened_by ?? "–"],
          ["Opened", live.opened_at ? exact(live.opened_at) : "–"],
          live.override_reason ? ["Not all was green", live.override_reason] : null,
        ]}
      />
      {live.resume_proposed && <Proposed text={live.resume_proposed} />}
      <div class="acts">
        <a class="button plain" href={url("/orders", `environment=live&partner=${partner.id}`)}>Live orders</a>
        <Stop partner={partner} live={live} onChanged={onChanged} />
      </div>
    </Part>
  );
}

/** One stops a partner at once; two let it go on. */
function Stop({ partner, live, onChanged }: StandsProps) {
  const may = useMay("policy_write");
  const me = useMe().member.name;
  const [isOpen, setOpen] = useState(false);
  if (!may) return null;
  const close = () => setOpen(false);
  const done = (text: string, tone: "ok" | "wait") => {
    close();
    say(text, tone);
    onChanged();
  };
  const facts = [["Partner", partner.name] as const];
  const path = `partners/${part(partner.id)}`;
  if (partner.stage !== "suspended")
    return (
      <>
        <Button kind="quiet" onClick={() => setOpen(true)}>Suspend…</Button>
        {isOpen && (
          <ActDialog<void>
            asked={{ title: "Suspend this partner?", verb: "Suspend", facts, effect: "Its calls for new sessions are refused from now on, in live and in the sandbox. Orders that are under way end as they would. Two people let it go on.", isDanger: true }}
            onClose={close}
            act={({ reason }) => post(`${path}/suspend`, { reason })}
            onDone={() => done("Suspended. No new session is made.", "ok")}
          />
        )}
      </>
    );
  return (
    <>
      <Button onClick={() => setOpen(true)}>Resume…</Button>
      {isOpen && (
        <ActDialog<Ruled>
          asked={{ title: "Let this partner go on?", verb: "Resume", facts, effect: "Its orders are watched again, as its first ones were, until LIVE-2 is signed anew.", confirm: confirmWords("resume", live.resume_proposed, me), proposed: live.resume_proposed }}
          onClose={close}
          act={({ reason }) => post(`${path}/resume`, { reason })}
          onDone={({ ruled }) => (ruled === "done" ? done("It goes on, and is watched.", "ok") : done("Proposed. A second person has to say the same.", "wait"))}
        />
      )}
    </>
  );
}

interface ClosedProps {
  partner: PartProps["partner"];
  live: Live;
  list: Checklist;
  onDone: (answer: LiveOpened) => void;
}

function Closed({ partner, live, list, onDone }: ClosedProps) {
  const me = useMe();
  const mayOpen = useMay("partner_write");
  const [isAnew, setAnew] = useState(false);
  if (!live.possible)
    return (
      <Empty icon="key" title="Nothing here moves real money">
        This server has no live rails. Until it has some, every partner stays in the sandbox.
      </Empty>
    );
  const open = list.of - list.green - (list.ready ? 0 : 1);
  const standing = list.ready ? (
    <Notice tone="ok" title="The checklist is green">Two people open live together; the second one is shown the token.</Notice>
  ) : (
    <Notice tone="info" title={`${plural(Math.max(open, 1), "line")} of the checklist ${open > 1 ? "are" : "is"} not green`}>
      {me.member.role === "owner" ? "You may open live all the same, with a reason that stays in the records." : "An owner may open live all the same, with a reason."}
    </Notice>
  );
  const isStuck = !list.ready && me.member.role !== "owner";
  return (
    <Part title="Open live">
      {live.proposed && <Wanted partner={partner} live={live} onDone={onDone} />}
      {!live.proposed && standing}
      {mayOpen && live.proposed && !isAnew && !isStuck && <div class="acts"><Button onClick={() => setAnew(true)}>Propose something else</Button></div>}
      {mayOpen && !isStuck && (!live.proposed || isAnew) && <OpenForm partner={partner} needsReason={!list.ready} onDone={onDone} />}
    </Part>
  );
}

/** What one person wants, and the second one's word. */
function Wanted({ partner, live, onDone }: Omit<ClosedProps, "list">) {
  const me = useMe().member.name;
  const mayOpen = useMay("partner_write");
  const { isBusy, problem, send } = useSend();
  const wanted = live.proposed;
  if (!wanted) return null;
  const isMine = wanted.by === me;
  const { by, at, ...body } = wanted;
  const agree = () => void send(() => post<LiveOpened>(`partners/${part(partner.id)}/live`, body), onDone);
  return (
    <>
      <Notice tone={isMine ? "wait" : "accent"} title={isMine ? "You have proposed it" : `${by} wants to open live`}>
        {isMine ? "It waits for a second person, who has to say the same." : "Look at every address with your own eyes: crypto that is sent to a wrong one does not come back."}
      </Notice>
      <Facts
        rows={[
          ["Proposed", exact(at)],
          ["Pages", wanted.origins.join(", ")],
          ...wanted.wallets.map(({ pair, address }) => [pair, <code class="wrap">{address}</code>] as const),
          wanted.webhook_url ? ["Webhook", <code class="wrap">{wanted.webhook_url}</code>] : null,
          wanted.override_reason ? ["Not all is green", wanted.override_reason] : null,
        ]}
      />
      {problem !== undefined && <Problem problem={problem} />}
      {mayOpen && !isMine && (
        <div class="acts"><Button kind="primary" isBusy={isBusy} onClick={agree}>I want the same: open live</Button></div>
      )}
    </>
  );
}

const FIELDS = ["origins", "wallets", "webhook_url", "override_reason"];

function OpenForm({ partner, needsReason, onDone }: { partner: PartProps["partner"]; needsReason: boolean; onDone: (answer: LiveOpened) => void }) {
  const [origins, setOrigins] = useState(partner.origins.filter((origin) => origin.startsWith("https://")).join(" "));
  const [addresses, setAddresses] = useState<Record<string, string>>({});
  const [webhook, setWebhook] = useState("");
  const [reason, setReason] = useState("");
  const { isBusy, problem, send } = useSend();
  const pairs = partner.kind === "user_wallet" ? [] : partner.policy.pairs.filter((pair) => pair.buys).map((pair) => pair.asset);
  const submit = (event: Event) => {
    event.preventDefault();
    const body: LiveOpen = {
      origins: origins.split(/[\s,]+/).filter(Boolean),
      wallets: pairs.map((pair) => ({ pair, address: (addresses[pair] ?? "").trim() })),
      webhook_url: webhook.trim() || null,
      override_reason: needsReason ? reason.trim() : null,
    };
    void send(() => post<LiveOpened>(`partners/${part(partner.id)}/live`, body), onDone);
  };
  const message = problem instanceof Error ? problem.message : "";
  const field = fieldOf(problem, FIELDS);
  const wrong = (name: string) => (field === name ? message : undefined);
  return (
    <form class="form page-form" onSubmit={submit} noValidate>
      <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
      <p>Nothing is taken over from the sandbox: say what is real.</p>
      <Input id="origins" label="Live pages" hint="Origins that embed the widget, https only; several with spaces." value={origins} error={wrong("origins")} onInput={setOrigins} mono />
      {pairs.length > 0 && (
        <fieldset class={`field${wrong("wallets") ? " wrong" : ""}`} id="wallets" tabIndex={-1}>
          <legend>Live wallets</legend>
          <p class="hint">Copy, do not type. The second person sees them again.</p>
          {wrong("wallets") && <p class="field-error">{wrong("wallets")}</p>}
          {pairs.map((pair) => (
            <Input key={pair} id={`wallet-${pair}`} label={pair} value={addresses[pair] ?? ""} onInput={(text) => setAddresses({ ...addresses, [pair]: text })} mono wide />
          ))}
        </fieldset>
      )}
      <Input id="webhook_url" label="Live webhook (optional)" hint="https, on the public internet." type="url" required={false} value={webhook} error={wrong("webhook_url")} onInput={setWebhook} mono />
      {needsReason && (
        <Area id="override_reason" label="Why although not all is green" hint="It stays in the records under your name." value={reason} onInput={setReason} maxLength={500} error={wrong("override_reason")} />
      )}
      <div class="form-actions"><Button type="submit" kind={needsReason ? "danger" : "primary"} isBusy={isBusy}>Propose to open live</Button></div>
    </form>
  );
}

function Opened({ opened }: { opened: LiveOpened }) {
  return (
    <div class="form page-form">
      <Notice tone="wait" title="Live is open; the secrets are shown once">
        Hand them over now, by a way that only the two of you use. Then open the page of the first live order and leave it open.
      </Notice>
      <h2>Live client token</h2>
      <Secret text={opened.client_token ?? ""} what="the live token" />
      {opened.webhook_secret && <><h2>Live webhook secret</h2><Secret text={opened.webhook_secret} what="the webhook secret" /></>}
    </div>
  );
}
