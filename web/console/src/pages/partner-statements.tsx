// A partner's day.

import { part } from "../core/api";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { inWorld } from "../core/world";
import type { Partner } from "../wire";
import { StatementDay } from "./statement";
import { StatementForm } from "./statement-form";

export function PartnerStatements({ partner }: { partner: Partner }) {
  const readsHouse = useMay("ledger_read");
  return (
    <StatementForm
      title="Statement of a day"
      lead={
        <>
          All orders of the day that ended or moved money, with fees and what is owed. Days begin and end in UTC.
          {readsHouse && <> The day of all partners and of the house’s accounts is under <a href={inWorld(url("/ledger/statements"), partner.environment)}>Ledger</a>.</>}
        </>
      }
      of={partner.name}
      file={partner.name}
      path={`partners/${part(partner.id)}/statements`}
      world={partner.environment}
      body={(statement) => <StatementDay partner={partner} statement={statement} />}
    />
  );
}
