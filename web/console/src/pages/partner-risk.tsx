// Who may pay how much, from where: the part of a policy that judges people.

import { Input, Select } from "../parts/field";
import { Part } from "../parts/panel";
import type { RiskDraft } from "../policy-risk";

interface RiskFieldsProps {
  risk: RiskDraft;
  wrong: (field: string) => string | undefined;
  onInput: (risk: RiskDraft) => void;
}

const ABROAD = [
  { value: "allow", label: "Goes on" },
  { value: "review", label: "People look" },
];
const SHIFT = [{ value: "refuse", label: "Is refused" }, { value: "review", label: "People look" }, { value: "allow", label: "Goes on" }];

export function RiskFields({ risk, wrong, onInput }: RiskFieldsProps) {
  const set = (more: Partial<RiskDraft>) => onInput({ ...risk, ...more });
  const text = (name: "payments" | "customers" | "disputes" | "held" | "cards" | "documents", label: string, hint: string) => (
    <Input
      id={`risk-${name}`}
      label={label}
      hint={hint}
      value={risk[name]}
      error={wrong(`risk-${name}`)}
      required={false}
      inputMode={name === "cards" || name === "documents" ? "text" : "numeric"}
      onInput={(value) => set({ [name]: value })}
    />
  );
  return (
    <>
      <Part title="Limits of one customer" note="Both directions count; nothing is no limit">
        <div class="fees">
          {risk.limits.map(({ fiat }, index) =>
            (["day", "month"] as const).map((name) => (
              <Input
                key={`${fiat}-${name}`}
                id={`risk-${fiat}-${name}`}
                label={`${fiat} a ${name}`}
                value={risk.limits[index]?.[name] ?? ""}
                error={wrong(`risk-${fiat}-${name}`)}
                required={false}
                inputMode="decimal"
                onInput={(value) => set({ limits: risk.limits.map((one, at) => (at === index ? { ...one, [name]: value } : one)) })}
              />
            )),
          )}
        </div>
      </Part>
      <Part title="Countries and risk">
        <div class="fees long">
          {text("cards", "Cards refused from", "Codes of two letters, such as US, KP; of the issuer’s country.")}
          {text("documents", "Documents refused from", "The same, of the country that issued them.")}
          <Select id="risk-abroad" label="A card from another country than the document" value={risk.abroad} choices={ABROAD} onInput={(abroad) => set({ abroad })} />
          <Select id="risk-shift" label="Without 3-D Secure’s liability shift" value={risk.shift} choices={SHIFT} onInput={(shift) => set({ shift })} />
          {text("payments", "Payments a day", "Of one customer, begun. Nothing: no limit.")}
          {text("customers", "Customers who share a card", "More, and people look. Nothing: no limit.")}
          {text("disputes", "Disputes until people look", "Not won, of one customer; 0 looks at everybody.")}
          {text("held", "First delivery held, seconds", "After the money was taken; 86400 is a day.")}
        </div>
      </Part>
    </>
  );
}
