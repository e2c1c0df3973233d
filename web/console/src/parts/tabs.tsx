// The parts of one thing's page, as addresses.

import { useEffect, useRef } from "preact/hooks";

export interface Tab {
  key: string;
  title: string;
  href: string;
  note?: string | undefined;
}

export function Tabs({ tabs, at, label }: { tabs: Tab[]; at: string; label: string }) {
  const row = useRef<HTMLElement>(null);
  // On a phone the one that is open may be out of sight.
  useEffect(() => {
    const open = row.current?.querySelector<HTMLElement>("[aria-current]");
    if (row.current && open) row.current.scrollLeft = open.offsetLeft - (row.current.clientWidth - open.offsetWidth) / 2;
  }, [at]);
  return (
    <nav class="tabs" aria-label={label} ref={row}>
      {tabs.map((tab) => (
        <a key={tab.key} href={tab.href} aria-current={tab.key === at ? "page" : undefined}>
          {tab.title}
          {tab.note && <span class="tab-note">{tab.note}</span>}
        </a>
      ))}
    </nav>
  );
}
