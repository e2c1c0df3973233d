// Who may sign in here, and as what.

import { useState } from "preact/hooks";
import { fieldOf, part, post } from "../core/api";
import type { CsvColumn } from "../core/csv";
import { isFiltered, readFilters, writeFilters } from "../core/filters";
import { useLoad } from "../core/load";
import { go, place, url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { usePages } from "../core/pages";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { isPortal } from "../core/session";
import { useStore } from "../core/store";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Loading, Notice, Page, Problem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { ErrorSummary, Input, Select } from "../parts/field";
import { useExport } from "../parts/export";
import { FilterBar, SearchField } from "../parts/filter-bar";
import { ListEnd } from "../parts/list-end";
import { Facts } from "../parts/panel";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Secret } from "../parts/text";
import { ROLES, roleTitle } from "../words";
import type { InvitationNew, Member, PartnerNames, Role } from "../wire";

const NAMES = ["query"] as const;

/** So many are seen at one look: nobody searches among them. */
const FEW = 8;

const COLUMNS: Column<Member>[] = [
  { title: "Name", cell: (member) => <strong class="row-name">{member.name}</strong> },
  { title: "Role", cell: (member) => <>{roleTitle(member.role)}{member.partner && <span class="muted"> of {member.partner.name}</span>}</> },
  { title: "Email", gives: 2, cell: (member) => <span class="muted">{member.email}</span> },
  {
    title: "State",
    gives: 2,
    cell: (member) => (member.state === "active" ? <Mark tone="ok" icon="check" word="Active" /> : <Mark tone="info" icon="dash" word="Disabled" />),
  },
  {
    title: "Signed in",
    number: true,
    gives: 2,
    cell: (member) => (member.signed_in_at ? <Ago at={member.signed_in_at} /> : <span class="muted">never</span>),
  },
];

const CSV: CsvColumn<Member>[] = [
  { title: "name", of: (member) => member.name },
  { title: "role", of: (member) => member.role },
  { title: "partner", of: (member) => member.partner?.name ?? "" },
  { title: "email", of: (member) => member.email },
  { title: "state", of: (member) => member.state },
  { title: "created_at", of: (member) => member.created_at },
  { title: "signed_in_at", of: (member) => member.signed_in_at ?? "" },
];

export function PeoplePage() {
  const me = useMe();
  const filters = readFilters(useStore(place).query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<Member>("members", asked, { keyOf: (member) => member.id });
  const file = useExport<Member>({ name: "people", path: "members", query: asked, columns: CSV, one: "person", many: "people", older: "search for the others.", kept: "first" });
  const { rows } = pages;
  const search = (query: string) => go("/people", writeFilters({ query }, NAMES), { replace: true });
  const mayWrite = useMay("member_write");
  const [inviting, setInviting] = useState(false);
  const [disabling, setDisabling] = useState<Member>();
  const [returning, setReturning] = useState<Member>();
  const disable: Column<Member> = {
    title: "",
    number: true,
    cell: (member) =>
      member.state === "active" &&
      member.id !== me.member.id && (
        <span class="row-acts">
          {me.member.role === "owner" && (
            <Button small kind="quiet" onClick={() => setReturning(member)} label={`Invite ${member.name} again`}>
              Invite again
            </Button>
          )}
          <Button small kind="quiet" onClick={() => setDisabling(member)} label={`Disable ${member.name}`}>
            Disable
          </Button>
        </span>
      ),
  };
  return (
    <Page
      title="People"
      action={<>{rows && rows.length > 0 && file.button}{mayWrite && <Button kind="primary" icon="plus" onClick={() => setInviting(true)}>Invite somebody</Button>}</>}
    >
      {file.problem}
      {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
      {!rows && pages.isLoading && <Loading />}
      {rows && (pages.hasMore || rows.length > FEW || isFiltered(filters)) && (
        <FilterBar label="People">
          <SearchField label="Search people" placeholder="Name or email" value={filters.query} onSearch={search} />
        </FilterBar>
      )}
      {rows && rows.length > 0 && (
        <Table label="People" rows={rows} columns={mayWrite ? [...COLUMNS, disable] : COLUMNS} keyOf={(member) => member.id} dim={pages.isLoading} />
      )}
      {rows && rows.length > 1 && <ListEnd pages={pages} counted={`${rows.length} people`} />}
      {rows?.length === 0 && !pages.isLoading && isFiltered(filters) && (
        <Empty icon="search" title="Nobody is called like this" action={<a class="button plain" href={url("/people")}>Show everybody</a>} />
      )}
      {rows && rows.length <= 1 && !isFiltered(filters) && (
        <Empty icon="people" title="You are alone here">
          Money needs two people: one proposes, another confirms. Invite a colleague by a link.
        </Empty>
      )}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
      {returning && <ReturnDialog member={returning} onClose={() => setReturning(undefined)} />}
      {disabling && (
        <ActDialog
          asked={{
            title: `Disable ${disabling.name}?`,
            verb: "Disable",
            facts: [
              ["Name", disabling.name],
              ["Role", roleTitle(disabling.role)],
              ["Email", disabling.email],
            ],
            effect: "Their sessions end now and they cannot sign in again. What they did stays in the audit.",
            needsReason: false,
            isDanger: true,
          }}
          onClose={() => setDisabling(undefined)}
          act={() => post(`members/${part(disabling.id)}/disable`)}
          onDone={() => { setDisabling(undefined); say(`${disabling.name} is disabled.`); void pages.reload(); }}
        />
      )}
    </Page>
  );
}

/** Somebody lost what they sign in with, or somebody else may have it. */
function ReturnDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const [link, setLink] = useState<string>();
  if (link !== undefined) return <LinkDialog said={member} link={link} onClose={onClose} />;
  return (
    <ActDialog
      asked={{
        title: `Invite ${member.name} again?`,
        verb: "End it and make a link",
        facts: [
          ["Name", member.name],
          ["Role", roleTitle(member.role)],
          ["Email", member.email],
        ],
        effect: "Their passkeys, password and sessions are good no more. By the link they choose anew how they sign in, and stay who they are. Hand it to nobody else: whoever opens it is them.",
        needsReason: false,
        isDanger: true,
      }}
      onClose={onClose}
      act={() => post<{ url: string }>(`members/${part(member.id)}/invite-again`)}
      onDone={({ url }) => setLink(url)}
    />
  );
}

function InviteDialog({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const portal = isPortal(me);
  const roles = (Object.keys(ROLES) as Role[]).filter((role) => !portal || isPartnerRole(role));
  const partners = useLoad<PartnerNames>(portal ? null : "partners/names").data?.data ?? [];
  const [said, setSaid] = useState<InvitationNew>({ email: "", role: portal ? "partner_developer" : "operator", partner: me.member.partner?.id ?? null });
  const [link, setLink] = useState<string>();
  const { isBusy, problem, send } = useSend();
  const field = fieldOf(problem, ["email", "role", "partner"]);
  const message = problem instanceof Error ? problem.message : "";
  const wrong = (name: string) => (field === name ? message : undefined);
  const asRole = (role: Role) => setSaid({ ...said, role, partner: isPartnerRole(role) ? (said.partner ?? partners[0]?.id ?? null) : null });
  if (link !== undefined) return <LinkDialog said={said} link={link} onClose={onClose} />;
  return (
    <Dialog title="Invite somebody" onClose={onClose} isBusy={isBusy}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send(
            () => post<{ url: string }>("members/invitations", said),
            ({ url }) => setLink(url),
          );
        }}
      >
        <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
        <Input id="email" label="Email" type="email" value={said.email} error={wrong("email")} onInput={(email) => setSaid({ ...said, email })} />
        <Select
          id="role"
          label="Role"
          hint={ROLES[said.role]?.may}
          value={said.role}
          error={wrong("role")}
          onInput={(role) => asRole(roles.find((name) => name === role) ?? said.role)}
          choices={roles.map((value) => ({ value, label: roleTitle(value) }))}
        />
        {isPartnerRole(said.role) && !portal && (
          <Select
            id="partner"
            label="Partner"
            value={said.partner ?? ""}
            error={wrong("partner")}
            onInput={(partner) => setSaid({ ...said, partner })}
            choices={partners.map(({ id, name }) => ({ value: id, label: name }))}
          />
        )}
        <div class="form-actions">
          <Button type="submit" kind="primary" isBusy={isBusy}>
            Make the link
          </Button>
          <Button onClick={onClose} disabled={isBusy}>
            Leave it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const isPartnerRole = (role: Role): boolean => role.startsWith("partner_");

function LinkDialog({ said, link, onClose }: { said: Pick<InvitationNew, "email" | "role">; link: string; onClose: () => void }) {
  return (
    <Dialog title="Hand over this link" onClose={onClose}>
      <div class="form">
        <Facts rows={[["For", said.email], ["As", roleTitle(said.role)]]} />
        <Secret text={link} what="the link" />
        <Notice tone="wait" title="It is shown once">
          Whoever has the link can take the invitation. Give it to this person by a way that only the two of you use.
        </Notice>
        <div class="form-actions">
          <Button kind="primary" onClick={onClose}>
            It is handed over
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
