// What the partner says that it has. A line outside of it does not apply, under the name of who said so.

import { useEffect, useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { Button, SendProblem } from "../parts/basics";
import { Check } from "../parts/field";
import { Exact } from "../parts/text";
import type { Checklist, Profile } from "../wire";

const PARTS: [keyof Profile, string][] = [
  ["ios", "iOS app"],
  ["android", "Android app"],
  ["wallet_payments", "Apple Pay and Google Pay"],
];

export function ProfileForm({ list, put }: { list: Checklist; put: (list: Checklist) => void }) {
  const [operator, partner] = [useMay("checklist_sign_operator"), useMay("checklist_sign_partner")];
  const mayDeclare = operator || partner;
  const said = list.profile;
  const [profile, setProfile] = useState(said);
  const { isBusy, problem, send } = useSend();
  const saidKey = JSON.stringify(said);
  useEffect(() => setProfile(JSON.parse(saidKey) as Profile), [saidKey]);
  const isChanged = PARTS.some(([name]) => profile[name] !== said[name]);
  const declare = (event: Event) => {
    event.preventDefault();
    void send(() => post<Checklist>(`partners/${part(list.partner.id)}/checklist/profile`, profile), (answer) => {
      put(answer);
      say("The profile is declared; the lines follow it.");
    });
  };
  return (
    <form class="profile" onSubmit={declare} aria-label="What the partner has">
      <fieldset disabled={!mayDeclare || isBusy}>
        <legend>The partner has</legend>
        {PARTS.map(([name, label]) => (
          <Check
            key={name}
            id={`profile-${name}`}
            label={label}
            checked={profile[name]}
            onInput={(checked) => setProfile({ ...profile, [name]: checked })}
          />
        ))}
      </fieldset>
      {isChanged || (mayDeclare && !list.declared_by) ? (
        <Button type="submit" kind="primary" small isBusy={isBusy}>
          {isChanged ? "Declare this" : "Declare that it has none of these"}
        </Button>
      ) : (
        <p class="small muted">
          {list.declared_by ? (
            <>
              Declared by {list.declared_by}
              {list.declared_at && (
                <>
                  , <Exact at={list.declared_at} />
                </>
              )}
            </>
          ) : (
            "Nobody has declared it yet; lines about apps wait for it."
          )}
        </p>
      )}
      <SendProblem problem={problem} />
    </form>
  );
}
