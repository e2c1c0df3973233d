// From who is here and where they are to one page.

import type { ComponentChild } from "preact";
import { MeContext } from "./core/me";
import { partsOf, place, url } from "./core/location";
import { account, isPortal, whoAmI } from "./core/session";
import { useStore } from "./core/store";
import { entriesOf } from "./nav";
import { UnreachableError } from "./core/api";
import { Empty, Loading, Page, Problem } from "./parts/basics";
import { Boundary } from "./parts/boundary";
import { Brand } from "./parts/brand";
import { later } from "./parts/later";
import { OrdersPage } from "./pages/orders";
import { OverviewPage } from "./pages/overview";
import { SignInPage } from "./pages/sign-in";
import { Shell } from "./shell";
import type { Me } from "./wire";

// What somebody begins with is there at once; the rest comes when they go there.
const AuditPage = later(() => import("./pages/audit").then((page) => page.AuditPage), "Audit");
const HealthPage = later(() => import("./pages/health").then((page) => page.HealthPage), "Health");
const InvitationPage = later(() => import("./pages/invitation").then((page) => page.InvitationPage));
const HouseStatementPage = later(() => import("./pages/house-statement").then((page) => page.HouseStatementPage), "Ledger");
const LedgerPage = later(() => import("./pages/ledger").then((page) => page.LedgerPage), "Ledger");
const PartnerNewPage = later(() => import("./pages/partner-new").then((page) => page.PartnerNewPage), "New partner");
const PartnerPage = later(() => import("./pages/partner").then((page) => page.PartnerPage), "Partner");
const PartnersPage = later(() => import("./pages/partners").then((page) => page.PartnersPage), "Partners");
const PeoplePage = later(() => import("./pages/people").then((page) => page.PeoplePage), "People");
const PortalPage = later(() => import("./pages/portal").then((page) => page.PortalPage));
const RatesPage = later(() => import("./pages/rates").then((page) => page.RatesPage), "Rates");
const RiskPage = later(() => import("./pages/risk").then((page) => page.RiskPage), "Risk list");
const SettingsPage = later(() => import("./pages/settings").then((page) => page.SettingsPage), "Settings");
const TreasuryPage = later(() => import("./pages/treasury").then((page) => page.TreasuryPage), "Treasury");
const CasesPage = later(() => import("./pages/cases").then((page) => page.CasesPage), "Waiting");
const ReturnsPage = later(() => import("./pages/returns").then((page) => page.ReturnsPage), "Waiting");
const WaitingPage = later(() => import("./pages/waiting").then((page) => page.WaitingPage), "Waiting");
const YouPage = later(() => import("./pages/you").then((page) => page.YouPage), "Your sign-in");

export function App() {
  const state = useStore(account);
  const parts = partsOf(useStore(place).path);
  // An invitation is for somebody who is not here yet, whoever else is.
  if (parts[0] === "invitations" && parts[1]) return <InvitationPage token={parts[1]} />;
  switch (state.kind) {
    case "asking":
      return <main class="door"><Brand /><Loading rows={3} /></main>;
    case "unreachable":
      return <main class="door"><Brand /><Problem problem={new UnreachableError()} onRetry={() => void whoAmI()} /></main>;
    case "out":
      return <SignInPage ended={state.ended} />;
    case "in":
      return (
        <MeContext.Provider value={state.me}>
          <Shell>
            <Boundary at={parts.join("/")}><Routed me={state.me} parts={parts} /></Boundary>
          </Shell>
        </MeContext.Provider>
      );
  }
}

function Routed({ me, parts }: { me: Me; parts: string[] }): ComponentChild {
  const { query } = useStore(place);
  const entries = entriesOf(me);
  // Who may not see the overview begins with what they may see.
  const [first = entries[0]?.key ?? "", second, third] = parts;
  if (first === "you") return <YouPage />;
  // A page of the overview, which links it.
  if (first === "look" && isPortal(me)) return <PortalPage tab="look" open={undefined} />;
  if (!entries.some((entry) => entry.key === first)) return <Nowhere />;
  switch (first) {
    case "orders":
      return <OrdersPage open={second} />;
    case "people":
      return <PeoplePage />;
  }
  if (isPortal(me)) return <PortalPage tab={first} open={second} />;
  switch (first) {
    case "":
      return <OverviewPage />;
    case "waiting":
      // With whom it waits for in the address, a case stands beside the list of all.
      if (second === "cases" && (third === undefined || query !== "")) return <CasesPage open={third} />;
      if (second === "returns") return <ReturnsPage open={third} />;
      return <WaitingPage kind={second} open={third} />;
    case "partners":
      if (second === undefined) return <PartnersPage />;
      if (second === "new") return <PartnerNewPage />;
      return <PartnerPage key={second} id={second} tab={third ?? "checklist"} open={parts[3]} />;
    case "ledger":
      if (second === "treasury") return <TreasuryPage />;
      if (second === "rates") return <RatesPage />;
      if (second === "statements") return <HouseStatementPage />;
      return <LedgerPage />;
    case "risk":
      return <RiskPage />;
    case "health":
      return second === "settings" ? <SettingsPage /> : <HealthPage />;
    case "audit":
      return <AuditPage open={second} />;
    default:
      return <Nowhere />;
  }
}

function Nowhere() {
  return (
    <Page title="Nothing is here">
      <Empty icon="search" title="This address leads nowhere" action={<a class="button plain" href={url("/")}>To the start</a>}>
        Either it is mistyped, or your role does not see this page.
      </Empty>
    </Page>
  );
}
