// A button that moves money, behind a guard: what a page lays over this frame, or fades it out under, is no reason to press it.

import { useRef, useState } from "preact/hooks";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, type ButtonProps } from "./basics";

// A page would have to win two presses, and the words between them.
const AGAIN_MS = 600;
// The least that browsers allow where they watch what covers an element.
const LOOK_MS = 100;
const ANSWER_MS = 300;

export function GuardedButton({ onClick, ...rest }: ButtonProps) {
  const box = useRef<HTMLDivElement>(null);
  const alive = useAlive();
  const [warnedAt, setWarnedAt] = useState<number>();
  const looking = useRef(false);
  const press = async () => {
    // A second press while the first is looked at is the same press.
    if (looking.current) return;
    looking.current = true;
    const isWarned = warnedAt !== undefined && performance.now() - warnedAt > AGAIN_MS;
    const mayGoOn = isWarned || (await isInSight(box.current));
    looking.current = false;
    if (!alive.current) return;
    if (mayGoOn) onClick();
    else setWarnedAt((before) => before ?? performance.now());
  };
  return (
    <>
      {warnedAt !== undefined && <Notice tone="wait" icon="warn">{messages.pay.covered}</Notice>}
      <div class="guarded" ref={box}><Button {...rest} onClick={() => void press()} /></div>
    </>
  );
}

/**
 * False where the browser knows that something covers the element, fades or turns it. One that cannot tell says nothing. It is
 * asked for each press and not kept looking: while it looks, Chromium throws away every click that comes shortly after scrolling.
 */
function isInSight(element: Element | null): Promise<boolean> {
  if (!element || !("IntersectionObserver" in window) || !("isVisible" in IntersectionObserverEntry.prototype)) return Promise.resolve(true);
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
      // Scrolled out of the window is not covered.
      end(!latest?.isIntersecting || latest.isVisible);
    }, look);
    observer.observe(element);
  });
}
