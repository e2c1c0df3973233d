// Small line icons; decoration only, the words beside them carry the meaning.

const PATHS = {
  check: "M3.5 8.5l3 3 6-7",
  stop: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  wait: "M8 4v4.2l2.6 1.6M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4z",
  warn: "M8 5v4M8 11.4v.2M8 1.8l6.4 11.6H1.6z",
  info: "M8 7.2v4M8 4.6v.2M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4z",
  lock: "M4.5 7.2V5a3.5 3.5 0 0 1 7 0v2.2M3.2 7.2h9.6v6.6H3.2z",
  document: "M3.8 1.8h5.4l3 3v9.4H3.8zM6 8h4M6 10.8h4",
  camera: "M1.8 5h2.8l1.2-1.8h4.4L11.4 5h2.8v8.2H1.8zM8 11.2a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z",
  mail: "M1.8 3.6h12.4v8.8H1.8zM2 4l6 4.6L14 4",
  copy: "M5.6 5.6h8v8h-8zM3.4 10.4h-1v-8h8v1",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
