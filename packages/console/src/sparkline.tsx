const width = 200
const height = 44
const fewestPoints = 20

/** Where the line breaks: a step without measurements is a gap, never a zero. */
function pathOf(points: readonly (number | null)[], y: (value: number) => number): string {
  const step = width / Math.max(1, points.length - 1)
  let pen = 'M'
  let path = ''
  for (const [index, value] of points.entries()) {
    if (value === null) {
      pen = 'M'
      continue
    }
    path += `${pen}${(index * step).toFixed(1)} ${y(value).toFixed(1)}`
    pen = 'L'
  }
  return path
}

export function Sparkline(props: {
  readonly points: readonly (number | null)[]
  readonly limit: number | null
  readonly worse: 'above' | 'below'
}) {
  // From the first measurement on, so that a service that has just begun shows more than a corner.
  const began = props.points.findIndex((point) => point !== null)
  const points = props.points.slice(Math.max(0, Math.min(began, props.points.length - fewestPoints)))
  const known = points.filter((point) => point !== null)
  const largest = Math.max(...known, props.limit ?? 0) * 1.1 || 1
  const y = (value: number): number => height - 1 - (value / largest) * (height - 2)
  const limitY = props.limit === null ? undefined : y(props.limit)
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {limitY === undefined ? null : (
        <>
          <rect
            x="0"
            y={props.worse === 'above' ? 0 : limitY}
            width={width}
            height={props.worse === 'above' ? limitY : height - limitY}
          />
          <line x1="0" x2={width} y1={limitY} y2={limitY} />
        </>
      )}
      <path d={pathOf(points, y)} />
    </svg>
  )
}
