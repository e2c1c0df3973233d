// The parts of one thing's page, as addresses.

export interface Tab {
  key: string;
  title: string;
  href: string;
  note?: string | undefined;
}

export function Tabs({ tabs, at, label }: { tabs: Tab[]; at: string; label: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.key} href={tab.href} aria-current={tab.key === at ? "page" : undefined}>
          {tab.title}
          {tab.note && <span class="tab-note">{tab.note}</span>}
        </a>
      ))}
    </nav>
  );
}
