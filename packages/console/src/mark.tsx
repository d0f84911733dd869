/** The bird that walks forward with its head turned back; the same drawing as `mark.svg`. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" fill="currentColor" stroke-linecap="round">
      <path d="M2 17.5c5 1.6 8-1 13-1 6.5 0 10.5 2.3 10.5 5.5 0 3.8-4.5 6-10.5 6C8.5 28 4 24 2 17.5Z" />
      <path
        d="M22.5 21.5c6.5-3.5 6-14.5-2.5-15.5-4-.4-6.5 1.6-6.8 4"
        fill="none"
        stroke="currentColor"
        stroke-width="3.6"
      />
      <path d="M11.7 8.3 8.4 12.2l5.8-.2Z" />
      <circle cx="6.3" cy="12.8" r="2.1" />
      <path d="M12.5 27.5 11.3 31M17.5 27.5l1.2 3.5" fill="none" stroke="currentColor" stroke-width="1.6" />
    </svg>
  )
}
