// The name, with the mark of something that was checked.

export function Brand() {
  return (
    <span class="brand">
      <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
        <rect width="22" height="22" rx="6" class="brand-tile" />
        <path d="M6 11.6l3.4 3.4L16 7.6" class="brand-stroke" fill="none" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" />
      </svg>
      Proof
    </span>
  );
}
