// A button that moves money, ends an order or takes a card away, behind a guard: what a page lays over this frame, or fades it out under, is no reason to press it,
// and neither is the second half of a double-click.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, type ButtonProps } from "./basics";

// A page would have to win two presses, and the words between them.
const AGAIN_MS = 600;
// The least that browsers allow where they watch what covers an element.
const LOOK_MS = 100;
const ANSWER_MS = 300;
// The longest that systems let pass between the clicks of a double-click, and a little more.
const SERIES_MS = 1000;
// Of the button: a page that shows a strip of it shows a button without its words.
const SEEN_MIN = 0.75;

interface GuardedProps {
  onClick: () => void;
  /** What is said where it was not pressed in plain sight. */
  covered?: string;
  children: (press: () => void) => ComponentChildren;
}

/** For a button that is drawn in its own way. */
export function Guarded({ onClick, covered = messages.pay.covered, children }: GuardedProps) {
  const box = useRef<HTMLDivElement>(null);
  const alive = useAlive();
  const isForeign = useForeign();
  const [warned, setWarned] = useState<{ of: "covered" | "double"; at: number }>();
  const warn = (of: "covered" | "double") => setWarned((before) => (before?.of === of ? before : { of, at: performance.now() }));
  const looking = useRef(false);
  const look = async (element: Element) => {
    looking.current = true;
    const mayGoOn = await isInSight(element);
    looking.current = false;
    if (!alive.current) return;
    if (mayGoOn) onClick();
    else warn("covered");
  };
  const press = () => {
    // A second press while the first is looked at is the same press.
    if (looking.current) return;
    if (isForeign.current) return warn("double");
    const isWarned = warned?.of === "covered" && performance.now() - warned.at > AGAIN_MS;
    // Not a turn later where there is nothing to look at: Safari opens Apple Pay in the turn of the press.
    if (isWarned || !box.current || !canLook()) onClick();
    else void look(box.current);
  };
  return (
    <>
      {warned && <Notice tone="wait" icon="warn">{warned.of === "double" ? messages.doublePress : covered}</Notice>}
      <div class="guarded" ref={box} onClickCapture={(event) => isForeign.count(event)}>{children(press)}</div>
    </>
  );
}

/**
 * Whether the click is the second of a double-click whose first was made elsewhere: a page has somebody double-click at something of its own,
 * and takes that away in between. Browsers count clicks whatever they are made at; keys and taps count nothing.
 */
function useForeign(): { readonly current: boolean; count: (event: MouseEvent) => void } {
  const [series] = useState(() => {
    const last = { clicks: 0, at: 0 };
    return {
      current: false,
      count({ detail, timeStamp }: MouseEvent) {
        if (detail <= 1) this.current = false;
        else if (last.clicks !== detail - 1 || timeStamp - last.at > SERIES_MS) this.current = true;
        Object.assign(last, { clicks: detail, at: timeStamp });
      },
    };
  });
  return series;
}

export const GuardedButton = ({ onClick, covered, ...rest }: ButtonProps & { covered?: string }) => (
  <Guarded onClick={onClick} {...(covered === undefined ? {} : { covered })}>{(press) => <Button {...rest} onClick={press} />}</Guarded>
);

const canLook = (): boolean => "IntersectionObserver" in window && "isVisible" in IntersectionObserverEntry.prototype;

/**
 * False where the browser knows that something covers the element, fades, turns or shrinks it, or that most of it is not on the screen. It is
 * asked for each press and not kept looking: while it looks, Chromium throws away every click that comes shortly after scrolling.
 */
function isInSight(element: Element): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (inSight: boolean) => {
      clearTimeout(timer);
      observer.disconnect();
      resolve(inSight);
    };
    const timer = setTimeout(() => end(true), ANSWER_MS);
    const look = { trackVisibility: true, delay: LOOK_MS } as IntersectionObserverInit;
    const observer = new IntersectionObserver((entries) => {
      const latest = entries.at(-1) as (IntersectionObserverEntry & { isVisible: boolean }) | undefined;
      end(latest?.isVisible === true && latest.intersectionRatio >= SEEN_MIN);
    }, look);
    observer.observe(element);
  });
}
