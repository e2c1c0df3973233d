// A partner's people see their own integration: the same parts, as pages of their own.

import type { ComponentChild } from "preact";
import { part } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { inWorld, useWorld } from "../core/world";
import { Loading, Notice, Page, Problem } from "../parts/basics";
import { Meter } from "../parts/charts";
import { Icon } from "../parts/icons";
import { StageMark } from "../parts/state";
import type { Partner, Refusals } from "../wire";
import { ChecklistView, PartnerPart, SandboxView, WorldBar } from "./partner";
import { PartnerOverview, Origins, Returns } from "./partner-overview";
import { VolumeCharts } from "./volume";

const TITLES: Record<string, string> = {
  "": "Your integration",
  checklist: "Go-live checklist",
  webhook: "Webhooks",
  log: "Integration log",
  keys: "Keys & origins",
  look: "Widget look",
  sandbox: "Sandbox",
  statements: "Statements",
};

export function PortalPage({ tab, open }: { tab: string; open: string | undefined }) {
  const { partner } = useMe().member;
  const reads = useMay("partner_read");
  const id = partner?.id ?? "";
  const world = useWorld();
  const { data, problem, reload } = useLoad<Partner>(reads && tab !== "checklist" && tab !== "sandbox" ? inWorld(`partners/${part(id)}`, world) : null, { keep: true });
  const body = (): ComponentChild => {
    if (tab === "checklist") return <ChecklistView partner={id} path="/checklist" />;
    if (tab === "sandbox") return <SandboxView partner={id} path="/sandbox" />;
    if (data?.environment !== world) return problem === undefined && reads ? <Loading /> : null;
    if (tab === "") return <Start partner={data} onChanged={() => void reload()} />;
    const parts = <PartnerPart key={world} partner={data} tab={tab} open={open} path={`/${tab}`} onChanged={() => void reload()} />;
    return tab === "keys" ? <div class="stack">{parts}<Origins partner={data} onChanged={() => void reload()} /><Returns partner={data} onChanged={() => void reload()} /></div> : parts;
  };
  return (
    <Page key={tab} title={TITLES[tab] ?? "Your integration"} lead={tab === "" && data ? <StageMark stage={data.stage} /> : undefined}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {data && tab !== "checklist" && tab !== "sandbox" && tab !== "look" && <WorldBar partner={data} path={`/${tab}`} />}
      {body()}
    </Page>
  );
}

function Start({ partner, onChanged }: { partner: Partner; onChanged: () => void }) {
  const refusals = useLoad<Refusals>(inWorld(`partners/${part(partner.id)}/refusals`, partner.environment)).data?.data ?? [];
  const readsOrders = useMay("order_read");
  const query = partner.environment === "live" ? "environment=live" : "";
  const { green, of } = partner.checklist;
  // What somebody has looked at is no news.
  const latest = refusals.find((refusal) => refusal.is_new);
  return (
    <div class="stack">
      <a class="card progress-card" href={url("/checklist")}>
        <p class="progress-number"><strong>{green}</strong> of {of}</p>
        <div>
          <p>{green === of ? "Every line of the go-live checklist is green." : `${of - green} lines of the go-live checklist are left.`}</p>
          <Meter value={green} of={of} tone={green === of ? "ok" : "accent"} />
        </div>
        <Icon name="right" />
      </a>
      <div class="notices">
        {partner.tokens.some((token) => token.exposed_at) && (
          <Notice
            tone="stop"
            title="A token leaked"
            action={
              <a class="button plain small-button" href={url("/keys")}>
                Rotate it
              </a>
            }
          >
            It was seen in a browser.
          </Notice>
        )}
        {partner.webhook?.failing_since && (
          <Notice
            tone="wait"
            title="Your webhook fails"
            action={
              <a class="button plain small-button" href={url("/webhook", query)}>
                Look at it
              </a>
            }
          >
            Deliveries wait and are tried again.
          </Notice>
        )}
        {latest && (
          <Notice
            tone="info"
            title="Calls were refused"
            action={
              <a class="button plain small-button" href={url("/log", query)}>
                Look at the log
              </a>
            }
          >
            The latest: {latest.message}
          </Notice>
        )}
      </div>
      {readsOrders && <VolumeCharts key={partner.environment} world={partner.environment} />}
      <PartnerOverview partner={partner} onChanged={onChanged} />
    </div>
  );
}
