// A page or a part that comes when it is first looked at, so that the console's beginning stays small.

import { useEffect, useState } from "preact/hooks";
import type { ComponentType, FunctionComponent } from "preact";
import { Button, Loading, Notice } from "./basics";

/** With a title where it is a page of its own: the heading stands while the rest comes. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>, title?: string): FunctionComponent<P> {
  let known: ComponentType<P> | undefined;
  return function Later(props: P) {
    const [Loaded, setLoaded] = useState(() => known);
    const [isMissing, setMissing] = useState(false);
    useEffect(() => {
      if (known) return undefined;
      let wanted = true;
      const drawn = (one: ComponentType<P>) => {
        known = one;
        if (wanted) setLoaded(() => one);
      };
      load().then(drawn, () => wanted && setMissing(true));
      return () => {
        wanted = false;
      };
    }, []);
    if (Loaded) return <Loaded {...props} />;
    const body = isMissing ? <Missing /> : <Loading rows={10} />;
    if (title === undefined) return body;
    return (
      <div class="page">
        <header class="page-head"><h1>{title}</h1></header>
        {body}
      </div>
    );
  };
}

/** The whole console again: some browsers never ask twice for a part, and a newer server no longer has the old ones. */
function Missing() {
  return (
    <Notice tone="wait" title="This part of the console did not come" action={<Button small onClick={() => location.reload()}>Load it again</Button>}>
      The server does not answer, or it is newer than what you look at. Nothing was lost.
    </Notice>
  );
}
