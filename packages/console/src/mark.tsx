/** The bird that walks forward with its head turned back, an egg before its beak; the same drawing as `mark.svg`. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" fill="currentColor" stroke-linecap="round">
      <path d="M1.5 13C5.5 17.2 10 16.5 14.5 16.5c4.4 0 7.8 1.3 9.3 4l1.2 2.5C23.6 26 20.3 27.7 15.5 27.7 9 27.7 3.3 22.2 1.5 13Z" />
      <path
        d="M23.3 22.2C30.3 17.7 29.8 4.5 20.8 3.8c-3.3-.2-5.2 1.3-5.8 3.5"
        fill="none"
        stroke="currentColor"
        stroke-width="3.2"
      />
      <circle cx="15" cy="7.3" r="2.5" />
      <path d="M13.2 5.4 8.2 10.6l7.3-.9Z" />
      <circle cx="7.2" cy="13" r="1.9" />
      <path
        d="M13.5 27.2l-1 3.6h-2.3M18 27.2l.9 3.6h2.3"
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linejoin="round"
      />
    </svg>
  )
}
