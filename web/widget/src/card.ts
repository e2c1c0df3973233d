// The card of a screen: what its hosted fields have told, and the way to a token.

import { useRef, useState } from "preact/hooks";
import { blankFields, FIELDS, type FieldName, type FieldStates, type HostedFields } from "./fields";

export interface Refusal {
  field: FieldName;
  code: string;
}

export interface CardState {
  states: FieldStates;
  refused: Refusal | undefined;
  ready: boolean;
  /** The first field that is not filled in. */
  missing: FieldName | undefined;
  focus: (field: FieldName) => void;
  refuse: (refusal: Refusal | undefined) => void;
  /** A token, or nothing where a field was refused: the field then says why. */
  tokenise: (key?: string) => Promise<string | undefined>;
  onStates: (update: (states: FieldStates) => FieldStates) => void;
  onHosted: (hosted: HostedFields) => void;
}

/** `fields`: those that are on the screen. */
export function useCard(fields: readonly FieldName[] = FIELDS): CardState {
  const [states, setStates] = useState<FieldStates>(blankFields);
  const [refused, setRefused] = useState<Refusal>();
  const hosted = useRef<HostedFields | null>(null);
  return {
    states,
    refused,
    ready: fields.every((field) => states[field].ready),
    missing: fields.find((field) => !states[field].complete),
    focus: (field) => hosted.current?.focus(field),
    refuse: setRefused,
    tokenise: async (key) => {
      const outcome = await hosted.current?.tokenise(key);
      if (!outcome || "token" in outcome) return outcome?.token;
      setRefused({ field: outcome.field, code: outcome.error });
      return undefined;
    },
    onStates: setStates,
    onHosted: (made) => {
      hosted.current = made;
    },
  };
}
