// All partners: their stage, and how far each is on the way to live.

import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { Meter } from "../parts/charts";
import { Icon } from "../parts/icons";
import { StageMark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { KINDS } from "../words";
import { wordsOf } from "../format";
import type { PartnerListed, Partners } from "../wire";

const COLUMNS: Column<PartnerListed>[] = [
  { title: "Partner", cell: (partner) => <strong class="row-name">{partner.name}</strong> },
  { title: "Stage", cell: (partner) => <StageMark stage={partner.stage} /> },
  {
    title: "Checklist",
    cell: ({ checklist: { green, of } }) => (
      <span class="meter-cell">
        <Meter value={green} of={of} tone={green === of ? "ok" : "accent"} />
        <span class="amount">
          {green} of {of}
        </span>
      </span>
    ),
  },
  { title: "Type", gives: 2, cell: (partner) => KINDS[partner.kind]?.title ?? wordsOf(partner.kind) },
  { title: "Contact", gives: 2, cell: (partner) => <span class="muted">{partner.contact_email}</span> },
  { title: "Widget", gives: 1, cell: (partner) => <code class="muted">{partner.widget_id}</code> },
];

export function PartnersPage() {
  const { data, problem, reload } = useLoad<Partners>("partners");
  const mayMake = useMay("partner_write");
  const make = mayMake && <a class="button primary" href={url("/partners/new")}><Icon name="plus" />New partner</a>;
  return (
    <Page title="Partners" action={make}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading />}
      {data && data.data.length > 0 && (
        <Table
          label="Partners"
          rows={data.data}
          columns={COLUMNS}
          keyOf={(partner) => partner.id}
          hrefOf={(partner) => url(`/partners/${encodeURIComponent(partner.id)}`)}
        />
      )}
      {data?.data.length === 0 && (
        <Empty icon="partners" title="No partners yet" action={make}>
          A partner is a shop or a wallet whose users buy and sell here. A new one starts in the sandbox, with a token, a widget and a checklist that
          ticks itself.
        </Empty>
      )}
    </Page>
  );
}
