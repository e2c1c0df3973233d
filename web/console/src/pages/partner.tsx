// One partner, in parts; each part has an address.

import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { part } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMe } from "../core/me";
import { may } from "../core/session";
import { hasLive, inWorld, useWorld } from "../core/world";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { FilterBar } from "../parts/filter-bar";
import { later } from "../parts/later";
import { StageMark } from "../parts/state";
import { Tabs } from "../parts/tabs";
import { WorldSelect } from "../parts/world";
import type { Act, Change, Partner } from "../wire";
import { PartnerOverview } from "./partner-overview";

export const ChecklistView = later(() => import("./checklist").then((part) => part.ChecklistView));
const PartnerKeys = later(() => import("./partner-keys").then((part) => part.PartnerKeys));
const PartnerLive = later(() => import("./partner-live").then((part) => part.PartnerLive));
const PartnerLog = later(() => import("./partner-log").then((part) => part.PartnerLog));
const PartnerLook = later(() => import("./partner-look").then((part) => part.PartnerLook));
const PartnerPolicy = later(() => import("./partner-policy").then((part) => part.PartnerPolicy));
const PartnerStatements = later(() => import("./partner-statements").then((part) => part.PartnerStatements));
const PartnerWebhook = later(() => import("./partner-webhook").then((part) => part.PartnerWebhook));
export const SandboxView = later(() => import("./sandbox").then((part) => part.SandboxView));

const TABS: { key: string; title: string; act: Act }[] = [
  { key: "checklist", title: "Checklist", act: "checklist_read" },
  { key: "live", title: "Live", act: "checklist_sign_operator" },
  { key: "overview", title: "Overview", act: "partner_read" },
  { key: "policy", title: "Policy", act: "partner_read" },
  { key: "look", title: "Look", act: "partner_read" },
  { key: "keys", title: "Keys", act: "partner_read" },
  { key: "webhook", title: "Webhook", act: "partner_read" },
  { key: "log", title: "Integration log", act: "partner_read" },
  { key: "sandbox", title: "Sandbox", act: "checklist_read" },
  { key: "statements", title: "Statements", act: "statement_read" },
];

/** What a partner has in the sandbox and, once it is open, in live. */
const WORLDLY = ["overview", "webhook", "log", "statements"];

/** Where a wish about what is live waits for a second word. */
const WISHED: Record<Change["what"], string> = {
  token: "keys",
  webhook_move: "webhook",
  webhook_secret: "webhook",
  origin_add: "overview",
  origin_remove: "overview",
  return_add: "overview",
  return_remove: "overview",
  wallets: "overview",
};

/** Nothing to choose where there is one world. */
export function WorldBar({ partner, path }: { partner: Partner; path: string }) {
  if (!hasLive(partner)) return null;
  return <FilterBar label="Sandbox or live"><WorldSelect path={path} /></FilterBar>;
}

export function PartnerPage({ id, tab, open }: { id: string; tab: string; open: string | undefined }) {
  const me = useMe();
  const world = useWorld();
  const inBoth = WORLDLY.includes(tab);
  const { data, problem, reload } = useLoad<Partner>(inWorld(`partners/${part(id)}`, inBoth ? world : "test"), { keep: true });
  // The checklist itself is looked at more often than the partner.
  const [counted, setCounted] = useState<Partner["checklist"]>();
  const count = counted ?? data?.checklist;
  const path = (key: string) => `/partners/${encodeURIComponent(id)}/${key}`;
  const tabs = TABS.filter(({ act }) => may(me, act)).map(({ key, title }) => {
    const wishes = data?.changes.filter(({ change }) => WISHED[change.what] === key).length;
    const note = key === "checklist" && count ? `${count.green}/${count.of}` : wishes ? `${wishes} proposed` : undefined;
    // Whoever looks at live goes on looking at it.
    const query = world === "live" && WORLDLY.includes(key) ? "environment=live" : "";
    return { key, title, href: url(path(key), query), ...(note ? { note } : {}) };
  });
  const body = (): ComponentChild => {
    if (tab === "checklist") return <ChecklistView partner={id} path={path("checklist")} onCount={setCounted} />;
    if (tab === "sandbox") return <SandboxView partner={id} path={path("sandbox")} />;
    if (!data || (inBoth && data.environment !== world)) return problem === undefined ? <Loading /> : null;
    return <PartnerPart key={world} partner={data} tab={tab} open={open} path={path(tab)} onChanged={() => void reload()} />;
  };
  return (
    <Page title={data?.name ?? "Partner"} back={{ href: url("/partners"), label: "Partners" }} lead={data && <StageMark stage={data.stage} />}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      <Tabs tabs={tabs} at={tab} label="Parts of this partner" />
      {data && inBoth && <WorldBar partner={data} path={path(tab)} />}
      {body()}
    </Page>
  );
}

export interface PartProps {
  partner: Partner;
  onChanged: () => void;
}

interface PartnerPartProps extends PartProps {
  tab: string;
  open: string | undefined;
  path: string;
}

/** One part; operators have it under a partner, a partner's people as a page of its own. */
export function PartnerPart({ partner, tab, open, path, onChanged }: PartnerPartProps): ComponentChild {
  switch (tab) {
    case "overview":
      return <PartnerOverview partner={partner} onChanged={onChanged} />;
    case "live":
      return <PartnerLive partner={partner} onChanged={onChanged} />;
    case "look":
      return <PartnerLook partner={partner} />;
    case "policy":
      return <PartnerPolicy partner={partner} onChanged={onChanged} />;
    case "keys":
      return <PartnerKeys partner={partner} onChanged={onChanged} />;
    case "webhook":
      return <PartnerWebhook partner={partner} open={open} path={path} onChanged={onChanged} />;
    case "log":
      return <PartnerLog partner={partner} />;
    case "statements":
      return <PartnerStatements partner={partner} />;
    default:
      return <Empty icon="search" title="A partner has no such part">Choose one above.</Empty>;
  }
}
