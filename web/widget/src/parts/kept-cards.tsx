// The cards that this customer let us keep, above the fields; and the question whether to keep another.

import { useEffect, useRef, useState } from "preact/hooks";
import { cardName, ltr } from "../format";
import { messages } from "../messages";
import type { KeptCard } from "../view";
import { Guarded } from "./guarded";

const words = messages.pay;

interface KeptCardsProps {
  cards: readonly KeptCard[];
  /** The id of the one to pay with; `undefined`: another card. */
  chosen: string | undefined;
  busy: boolean;
  onChoose: (id: string | undefined) => void;
  onRemove: (id: string) => void;
}

export function KeptCards({ cards, chosen, busy, onChoose, onRemove }: KeptCardsProps) {
  if (cards.length === 0) return null;
  return (
    <fieldset class="kept-cards" disabled={busy}>
      <legend class="label">{words.cards}</legend>
      <div class="rows">
        {cards.map((card) => (
          <KeptRow key={card.id} card={card} checked={card.id === chosen} onChoose={() => onChoose(card.id)} onRemove={() => onRemove(card.id)} />
        ))}
        <label class="kept-card">
          <input type="radio" name="card" checked={chosen === undefined} onChange={() => onChoose(undefined)} />
          <span>{words.otherCard}</span>
        </label>
      </div>
    </fieldset>
  );
}

function KeptRow({ card, checked, onChoose, onRemove }: { card: KeptCard; checked: boolean; onChoose: () => void; onRemove: () => void }) {
  const [asking, setAsking] = useState(false);
  const name = cardName(card);
  const sure = useRef<HTMLButtonElement>(null);
  const remove = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  // What was pressed is gone, and the focus with it: it goes to what came in its place.
  useEffect(() => {
    if (asking) sure.current?.focus();
    else if (wasAsking.current) remove.current?.focus();
    wasAsking.current = asking;
  }, [asking]);
  return (
    <div class="kept-card">
      <label>
        <input type="radio" name="card" checked={checked} onChange={onChoose} />
        <span>{name}</span>
        <span class="muted small">{ltr(card.expires)}</span>
      </label>
      {asking ? (
        <div class="sure">
          <Guarded covered={messages.cancel.covered} onClick={onRemove}>
            {(press) => <button type="button" class="link stop" ref={sure} onClick={press}>{words.removeYes}</button>}
          </Guarded>
          <button type="button" class="link" onClick={() => setAsking(false)}>{words.removeNo}</button>
        </div>
      ) : (
        <button type="button" class="link" ref={remove} aria-label={words.removeNamed(name)} onClick={() => setAsking(true)}>{words.remove}</button>
      )}
    </div>
  );
}

export function KeepCard({ checked, busy, onChange }: { checked: boolean; busy: boolean; onChange: (keep: boolean) => void }) {
  return (
    <label class="keep-card">
      <input type="checkbox" checked={checked} disabled={busy} onChange={(event) => onChange(event.currentTarget.checked)} aria-describedby="keep-card-help" />
      <span>
        {words.keepCard}
        <span class="muted small" id="keep-card-help">{words.keepCardHelp}</span>
      </span>
    </label>
  );
}
