// Where the crypto goes back to. It may come filled in from the shop, so the person says that it is
// theirs, and says it again after every change.

import type { RefObject } from "preact";
import { messages } from "../messages";
import { addressProblem, tidied } from "../refund";
import type { View } from "../view";

const words = messages.sell.terms;

export interface Refund {
  address: string;
  mine: boolean;
}

interface RefundFieldProps {
  view: View;
  refund: Refund;
  /** Whether what is missing is said: not before the first press of the button. */
  showMissing: boolean;
  /** The address that the server refused, if it did. */
  refused: string | undefined;
  field: RefObject<HTMLTextAreaElement | null>;
  box: RefObject<HTMLInputElement | null>;
  onRefund: (refund: Refund) => void;
}

export function RefundField({ view, refund, showMissing, refused, field, box, onRefund }: RefundFieldProps) {
  const error = errorOf(view, refund.address, refused, showMissing);
  const unconfirmed = showMissing && !refund.mine ? words.mineMissing : undefined;
  const typed = (event: Event) => {
    const area = event.currentTarget as HTMLTextAreaElement;
    const address = tidied(area.value);
    if (area.value !== address) area.value = address;
    onRefund({ address, mine: false });
  };
  return (
    <div class="refund">
      <label class="label" for="refund-address">{words.refundLabel(view)}</label>
      <p class="muted small" id="refund-hint">{words.refundHint(view)}</p>
      <textarea
        id="refund-address"
        ref={field}
        class={`area${error ? " wrong" : ""}`}
        rows={2}
        value={refund.address}
        onInput={typed}
        autocomplete="off"
        autocapitalize="off"
        autocorrect="off"
        spellcheck={false}
        aria-required="true"
        aria-invalid={error !== undefined}
        aria-describedby="refund-hint refund-error"
      />
      <p class="field-error" id="refund-error" role="alert">{error}</p>
      <label class="check">
        <input
          ref={box}
          type="checkbox"
          checked={refund.mine}
          onChange={(event) => onRefund({ ...refund, mine: event.currentTarget.checked })}
          aria-required="true"
          aria-invalid={unconfirmed !== undefined}
          aria-describedby="mine-error"
        />
        <span>{words.mine(view)}</span>
      </label>
      <p class="field-error" id="mine-error" role="alert">{unconfirmed}</p>
    </div>
  );
}

function errorOf(view: View, address: string, refused: string | undefined, showMissing: boolean): string | undefined {
  if (refused !== undefined && refused === address) return words.refundRefused(view);
  const problem = addressProblem(view.network, address);
  switch (problem?.kind) {
    case "network":
      return words.refundNetwork(view, problem.like);
    case "shape":
      return showMissing ? words.refundShape(view) : undefined;
    case "empty":
      return showMissing ? words.refundEmpty : undefined;
    case undefined:
      return undefined;
  }
}
