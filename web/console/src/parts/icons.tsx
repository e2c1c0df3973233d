// Small line icons; decoration only, the words beside them carry the meaning.

const PATHS = {
  check: "M3.5 8.5l3 3 6-7",
  stop: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  wait: "M8 4v4.2l2.6 1.6M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4z",
  warn: "M8 6v3.4M8 11.6v.2M8 1.8l6.4 11.6H1.6z",
  info: "M8 7.2v4M8 4.6v.2M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4z",
  circle: "M8 13.4A5.4 5.4 0 1 0 8 2.6a5.4 5.4 0 0 0 0 10.8z",
  dash: "M4 8h8",
  copy: "M5.6 5.6h8v8h-8zM3.4 10.4h-1v-8h8v1",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  down: "M3 6l5 5 5-5",
  out: "M6.4 3.2H2.8v10h10V9.6M9.4 2.8h3.8v3.8M13 3L7.4 8.6",
  plus: "M8 3v10M3 8h10",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8L14 14",
  download: "M8 2.4v7.4M4.8 7l3.2 3.2L11.2 7M2.8 13.4h10.4",
  print: "M4.6 6V2.2h6.8V6M4.6 11.4H2.4V6h11.2v5.4h-2.2M4.6 9.4h6.8v4.4H4.6z",
  menu: "M2.4 4.2h11.2M2.4 8h11.2M2.4 11.8h11.2",
  pen: "M3 13l.6-2.8 7-7 2.2 2.2-7 7zM9 4.8L11.2 7",
  overview: "M2.4 13.2h11.2M4 10.8V8M8 10.8V3.2M12 10.8V6",
  orders: "M3.2 2.4h9.6v11.2l-2.4-1.4-2.4 1.4-2.4-1.4-2.4 1.4zM5.8 5.6h4.4M5.8 8.4h4.4",
  partners: "M2.4 13.4V5.6h6.4v7.8M8.8 13.4V2.6h4.8v10.8M4.6 8h2M4.6 10.6h2M10.6 5.4h1.2M10.6 8h1.2M10.6 10.6h1.2",
  ledger: "M3 2.4h8.6a1.4 1.4 0 0 1 1.4 1.4v9.8H4.4A1.4 1.4 0 0 1 3 12.2zM3 11h10M5.8 5.2h4.4",
  risk: "M8 1.8l5.4 2v4c0 3.2-2.2 5.2-5.4 6.4-3.2-1.2-5.4-3.2-5.4-6.4v-4z",
  audit: "M2.6 4h1M5.8 4h7.6M2.6 8h1M5.8 8h7.6M2.6 12h1M5.8 12h7.6",
  people: "M6 7.6a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8zM1.8 13.4c0-2.4 1.8-4 4.2-4s4.2 1.6 4.2 4M10.4 3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.4.5 2.2 1.8 2.2 3.6",
  checklist: "M2.2 4.4l1.2 1.2 2-2.4M2.2 11l1.2 1.2 2-2.4M7.8 4.6h6M7.8 11.2h6",
  webhook: "M2.4 8h7.4M6.8 4.8L10 8l-3.2 3.2M13.4 3v10",
  key: "M5.4 12.4a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM7.6 7.4l5-5M10.6 4.4l1.8 1.8",
  statement: "M3.8 1.8h5.4l3 3v9.4H3.8zM6 8h4M6 10.8h4",
  play: "M4.6 2.8v10.4L13 8z",
  health: "M1.8 8.4h3l1.6-4.6 3 8.6 1.8-4h3",
  log: "M2.4 3h11.2v10H2.4zM4.8 6.2L6.6 8l-1.8 1.8M8.4 10.2h2.8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
