// What the partner's users will ask for: its own people list it, and each sees whether it is enabled.

import { useState } from "preact/hooks";
import { matrixRows, mayList } from "../checklist";
import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { useMe } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { Button, Loading, Problem, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Mark } from "../parts/state";
import type { Checklist, Line, Named, PairAsked, Pairs } from "../wire";

interface AskedProps {
  line: Line;
  partner: Named;
  put: (list: Checklist) => void;
}

type Cell = NonNullable<Line["matrix"]>[number];

export function AskedPairs({ line, partner, put }: AskedProps) {
  const me = useMe();
  const [isOpen, setOpen] = useState(false);
  const cells = line.matrix ?? [];
  const listed = cells.filter(({ asked }) => asked);
  return (
    <div class="asked-pairs">
      {listed.length > 0 && (
        <table class="matrix">
          <thead><tr><th scope="col">Pair</th><th scope="col">Buy</th><th scope="col">Sell</th></tr></thead>
          <tbody>
            {matrixRows(cells).filter(({ buy, sell }) => buy?.asked || sell?.asked).map(({ pair, buy, sell }) => (
              <tr key={pair}>
                <th scope="row">{pair}</th>
                <td><AskedCell cell={buy} /></td>
                <td><AskedCell cell={sell} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {mayList(me, line) && (
        <Button small kind={listed.length === 0 ? "primary" : "plain"} onClick={() => setOpen(true)}>
          {listed.length === 0 ? "List the pairs" : "Change the list"}
        </Button>
      )}
      {isOpen && <ListDialog partner={partner} listed={listed} onClose={() => setOpen(false)} onDone={put} />}
    </div>
  );
}

function AskedCell({ cell }: { cell: Cell | undefined }) {
  if (!cell?.asked) return <span class="muted">Not asked for</span>;
  return cell.state === "failing" ? <Mark tone="stop" icon="warn" word="Not enabled" /> : <Mark tone="ok" icon="check" word="Enabled" />;
}

interface ListDialogProps {
  partner: Named;
  listed: PairAsked[];
  onClose: () => void;
  onDone: (list: Checklist) => void;
}

const SIDES: PairAsked["side"][] = ["buy", "sell"];
const nameOf = ({ pair, side }: PairAsked): string => `${side} ${pair}`;

function ListDialog({ partner, listed, onClose, onDone }: ListDialogProps) {
  const known = useLoad<Pairs>("pairs");
  const [chosen, setChosen] = useState<PairAsked[]>(listed.map(({ pair, side }) => ({ pair, side })));
  const { isBusy, problem, send } = useSend();
  // What was listed stays on it when this server has ceased to offer it.
  const pairs = [...new Set([...(known.data?.pairs ?? []), ...listed.map(({ pair }) => pair)])];
  const has = (one: PairAsked) => chosen.some((other) => nameOf(other) === nameOf(one));
  const toggle = (one: PairAsked) => setChosen(has(one) ? chosen.filter((other) => nameOf(other) !== nameOf(one)) : [...chosen, one]);
  const save = (event: Event) => {
    event.preventDefault();
    void send(() => post<Checklist>(`partners/${part(partner.id)}/checklist/pairs`, { pairs: chosen }), (answer) => {
      onClose();
      onDone(answer);
      say("The pairs are listed; an operator confirms them.");
    });
  };
  return (
    <Dialog title="What will your users ask for?" onClose={onClose} isBusy={isBusy}>
      <form class="form" onSubmit={save}>
        <SendProblem problem={problem} />
        <p>Choose each pair that users will buy or sell. What is not enabled turns the line red, until an operator enables it.</p>
        {known.problem !== undefined && <Problem problem={known.problem} onRetry={() => void known.reload()} />}
        {!known.data && known.problem === undefined && <Loading rows={4} />}
        {known.data && (
          <table class="matrix choose">
            <thead><tr><th scope="col">Pair</th><th scope="col">Buy</th><th scope="col">Sell</th></tr></thead>
            <tbody>
              {pairs.map((pair) => (
                <tr key={pair}>
                  <th scope="row">{pair}</th>
                  {SIDES.map((side) => (
                    <td key={side}>
                      <label class="check"><input type="checkbox" aria-label={nameOf({ pair, side })} checked={has({ pair, side })} disabled={isBusy} onChange={() => toggle({ pair, side })} /></label>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <div class="form-actions">
          <Button type="submit" kind="primary" isBusy={isBusy} disabled={!known.data}>Save the list</Button>
          <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  );
}
