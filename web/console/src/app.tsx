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
import { AuditPage } from "./pages/audit";
import { HealthPage } from "./pages/health";
import { InvitationPage } from "./pages/invitation";
import { LedgerPage } from "./pages/ledger";
import { OrdersPage } from "./pages/orders";
import { OverviewPage } from "./pages/overview";
import { PartnerPage } from "./pages/partner";
import { PartnerNewPage } from "./pages/partner-new";
import { PartnersPage } from "./pages/partners";
import { PeoplePage } from "./pages/people";
import { PortalPage } from "./pages/portal";
import { RatesPage } from "./pages/rates";
import { RiskPage } from "./pages/risk";
import { SignInPage } from "./pages/sign-in";
import { TreasuryPage } from "./pages/treasury";
import { WaitingPage } from "./pages/waiting";
import { YouPage } from "./pages/you";
import { Shell } from "./shell";
import type { Me } from "./wire";

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
      return <WaitingPage kind={second} open={third} />;
    case "partners":
      if (second === undefined) return <PartnersPage />;
      if (second === "new") return <PartnerNewPage />;
      return <PartnerPage key={second} id={second} tab={third ?? "checklist"} open={parts[3]} />;
    case "ledger":
      if (second === "treasury") return <TreasuryPage />;
      if (second === "rates") return <RatesPage />;
      return <LedgerPage />;
    case "risk":
      return <RiskPage />;
    case "health":
      return <HealthPage />;
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
