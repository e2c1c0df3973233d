// What a partner's users may buy and sell, for what fees, within which limits. Each change is a version.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { useMay, useMe } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { changesOf } from "../diff";
import { draftOf, newPair, policyOf, readable, unitOf, type FeesDraft, type PairDraft, type PolicyDraft, type PolicyWrong } from "../policy";
import { Button, Notice } from "../parts/basics";
import { Changes } from "../parts/changes";
import { Area, ErrorSummary, Input, Select } from "../parts/field";
import { Folded, Part } from "../parts/panel";
import type { Pairs, Policy, PolicySaid } from "../wire";
import type { PartProps } from "./partner";
import { Many } from "./partner-new";
import { RiskFields } from "./partner-risk";

export function PartnerPolicy({ partner, onChanged }: PartProps) {
  // A new version is a new form; what a colleague saved meanwhile is refused by the server, not overwritten.
  const [policy, setPolicy] = useState(partner.policy);
  // What a colleague wants, put into the form to be looked at and saved.
  const [shown, setShown] = useState<Policy>();
  const me = useMe().member.name;
  const mayWrite = useMay("policy_write");
  const proposed = partner.policy_proposed;
  const mine = proposed?.by === me;
  const saved = ({ policy: next }: PolicySaid) => {
    setShown(undefined);
    if (next) {
      setPolicy(next);
      say(`Version ${next.version} of the policy holds from now on.`);
    } else {
      say("Proposed. A second operator has to save the same.", "wait");
    }
    onChanged();
  };
  return (
    <>
      {proposed && mine && (
        <Notice tone="wait" title={`You have proposed version ${policy.version + 1}`}>
          Nothing has changed yet: it holds as soon as a second operator saves exactly the same here.
        </Notice>
      )}
      {proposed && !mine && (
        <Notice tone="accent" title={`${proposed.by} has proposed version ${policy.version + 1}`}>
          {mayWrite ? "If you want all of this, say the same: then it holds at once. Something else that you save replaces it." : "It holds as soon as a second operator says the same."}
          <Changes changes={changesOf(readable(policy), readable(proposed.policy))} />
          {mayWrite && <div class="acts"><Button onClick={() => setShown(proposed.policy)} disabled={shown !== undefined}>{shown ? "It is in the form" : "Put it into the form"}</Button></div>}
        </Notice>
      )}
      <PolicyForm key={`${policy.version} ${shown ? "proposed" : ""}`} partner={partner.id} policy={policy} wanted={shown} by={proposed?.by} onSaved={saved} />
    </>
  );
}

interface PolicyFormProps {
  partner: string;
  policy: Policy;
  /** What the form begins with, where it is not what holds. */
  wanted: Policy | undefined;
  /** Who wants it. */
  by: string | undefined;
  onSaved: (answer: PolicySaid) => void;
}

function PolicyForm({ partner, policy, wanted, by, onSaved }: PolicyFormProps) {
  const mayWrite = useMay("policy_write");
  const [draft, setDraft] = useState<PolicyDraft>(() => draftOf(wanted ?? policy));
  const [wrongs, setWrongs] = useState<PolicyWrong[]>([]);
  const { isBusy, problem, send, clear } = useSend();
  const isChanged = JSON.stringify(draft) !== JSON.stringify(draftOf(policy));
  const second = wanted && JSON.stringify(draft) === JSON.stringify(draftOf(wanted)) ? by : undefined;
  const set = (more: Partial<PolicyDraft>) => setDraft({ ...draft, ...more });
  const save = (event: Event) => {
    event.preventDefault();
    const read = policyOf(draft, policy);
    setWrongs(read.wrongs);
    clear();
    if (read.policy) void send(() => post<PolicySaid>(`partners/${part(partner)}/policy`, read.policy), onSaved);
  };
  const back = () => {
    setDraft(draftOf(policy));
    setWrongs([]);
    clear();
  };
  const wrong = (field: string) => wrongs.find((one) => one.field === field)?.message;
  return (
    <form class="policy" onSubmit={save} noValidate>
      <ErrorSummary wrongs={wrongs} problem={problem} />
      <fieldset class="bare" disabled={!mayWrite || isBusy}>
        <PolicyFields draft={draft} policy={policy} wrong={wrong} set={set} mayWrite={mayWrite} />
      </fieldset>
      {mayWrite && <SaveBar version={policy.version} isChanged={isChanged} second={second} isBusy={isBusy} onBack={back} />}
    </form>
  );
}

interface SaveBarProps {
  version: number;
  isChanged: boolean;
  /** With whose word this would be the second. */
  second: string | undefined;
  isBusy: boolean;
  onBack: () => void;
}

function SaveBar({ version, isChanged, second, isBusy, onBack }: SaveBarProps) {
  const effect = second ? `${second} wants exactly this: with your word it holds at once.` : "It holds when a second operator has saved the same.";
  return (
    <div class="save-bar">
      <Button type="submit" kind="primary" isBusy={isBusy} disabled={!isChanged}>
        {second ? "I want the same:" : "Propose"} version {version + 1}
      </Button>
      {isChanged && <Button onClick={onBack} disabled={isBusy}>Back to version {version}</Button>}
      <span class="small muted">{isChanged ? effect : "Nothing is changed. A new version needs two people."}</span>
    </div>
  );
}

interface PolicyFieldsProps {
  draft: PolicyDraft;
  policy: Policy;
  wrong: (field: string) => string | undefined;
  set: (more: Partial<PolicyDraft>) => void;
  mayWrite: boolean;
}

function PolicyFields({ draft, policy, wrong, set, mayWrite }: PolicyFieldsProps) {
  const known = useLoad<Pairs>(mayWrite ? "pairs" : null).data;
  const setPair = (index: number, more: Partial<PairDraft>) => set({ pairs: draft.pairs.map((pair, at) => (at === index ? { ...pair, ...more } : pair)) });
  const missing = (known?.pairs ?? []).filter((asset) => !draft.pairs.some((pair) => pair.asset === asset));
  return (
    <>
      <Part title="Pairs" note={`Version ${policy.version}`}>
        <PairsTable
          draft={draft}
          wrong={wrong}
          setPair={setPair}
          remove={mayWrite ? (index) => set({ pairs: draft.pairs.filter((_, at) => at !== index) }) : undefined}
        />
        {mayWrite && missing.length > 0 && (
          <Select
            id="pair-add"
            label="One more pair"
            value=""
            error={wrong("pair-add")}
            onInput={(asset) => asset !== "" && set({ pairs: [...draft.pairs, newPair(asset)] })}
            choices={[{ value: "", label: "Choose…" }, ...missing.map((value) => ({ value, label: value }))]}
          />
        )}
      </Part>
      <Part title="Fees">
        <FeesFields id="fees" fees={draft.fees} wrong={wrong} onInput={(fees) => set({ fees })} />
      </Part>
      {draft.pairs.map(
        (pair, index) =>
          pair.fees && (
            <Part key={pair.asset} title={`Fees of ${pair.asset}`}>
              <FeesFields id={`pair-${index}`} fees={pair.fees} wrong={wrong} onInput={(fees) => setPair(index, { fees })} />
            </Part>
          ),
      )}
      <Part title="Currencies">
        <Many
          id="fiats"
          legend="The first is what a session without one is in"
          hasDefault
          all={[...new Set([...policy.fiats, ...(known?.fiats ?? [])])]}
          chosen={draft.fiats}
          error={wrong("fiats")}
          onInput={(fiats) => set({ fiats })}
        />
      </Part>
      {draft.risk && <RiskFields risk={draft.risk} wrong={wrong} onInput={(risk) => set({ risk })} />}
      <Folded title="All the rest, as JSON: sells, limits of pairs, widget">
        <Area
          id="rest"
          label="The rest of the policy"
          hint="It is saved together with what is above."
          rows={18}
          value={draft.rest}
          error={wrong("rest")}
          onInput={(rest) => set({ rest })}
          mono
        />
      </Folded>
    </>
  );
}

interface PairsTableProps {
  draft: PolicyDraft;
  wrong: (field: string) => string | undefined;
  setPair: (index: number, more: Partial<PairDraft>) => void;
  remove: ((index: number) => void) | undefined;
}

function PairsTable({ draft, wrong, setPair, remove }: PairsTableProps) {
  return (
    <div class="table-around" role="region" aria-label="Pairs" tabIndex={0}>
      <table class="table policy-table">
        <thead>
          <tr>
            <th scope="col">Pair</th>
            <th scope="col">Buy</th>
            <th scope="col">Sell</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Own fees</th>
            {remove && (
              <th scope="col">
                <span class="aloud">Remove</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {draft.pairs.map((pair, index) => (
            <tr key={pair.asset}>
              <th scope="row">{pair.asset}</th>
              <td><Box label={`Buy ${pair.asset}`} checked={pair.buys} onInput={(buys) => setPair(index, { buys })} /></td>
              <td><Box label={`Sell ${pair.asset}`} checked={pair.sells} onInput={(sells) => setPair(index, { sells })} /></td>
              {(["min", "max"] as const).map((name) => (
                <td key={name}>
                  <span class="unit-input">
                    <input
                      id={`pair-${index}-${name}`}
                      aria-label={`${name === "min" ? "From" : "To"}, ${pair.asset}`}
                      inputMode="decimal"
                      value={pair[name]}
                      aria-invalid={wrong(`pair-${index}-${name}`) ? true : undefined}
                      onInput={(event) => setPair(index, { [name]: event.currentTarget.value })}
                    />
                    <span>{unitOf(pair.asset)}</span>
                  </span>
                </td>
              ))}
              <td>
                <Box
                  label={`Own fees of ${pair.asset}`}
                  checked={pair.fees !== null}
                  onInput={(own) => setPair(index, { fees: own ? draft.fees : null })}
                />
              </td>
              {remove && (
                <td>
                  <Button small kind="quiet" onClick={() => remove(index)} label={`Remove ${pair.asset}`}>
                    Remove
                  </Button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Box = ({ label, checked, onInput }: { label: string; checked: boolean; onInput: (checked: boolean) => void }) => (
  <label class="box"><input type="checkbox" aria-label={label} checked={checked} onChange={(event) => onInput(event.currentTarget.checked)} /></label>
);

interface FeesFieldsProps {
  id: string;
  fees: FeesDraft;
  wrong: (field: string) => string | undefined;
  onInput: (fees: FeesDraft) => void;
}

function FeesFields({ id, fees, wrong, onInput }: FeesFieldsProps) {
  const field = (name: keyof FeesDraft, label: string, hint: string) => (
    <Input
      id={`${id}-${name}`}
      label={label}
      hint={hint}
      value={fees[name]}
      error={wrong(`${id}-${name}`)}
      onInput={(value) => onInput({ ...fees, [name]: value })}
      inputMode="decimal"
    />
  );
  return (
    <div class="fees">
      {field("spread", "Spread, %", "On top of the mid-market price.")}
      {field("processing", "Processing, %", "Of the total that is paid.")}
      {field("fixedMinor", "Fixed, smallest unit", "For each payment, whole.")}
      {field("partner", "Partner’s, %", "Of the total, for the partner.")}
    </div>
  );
}
