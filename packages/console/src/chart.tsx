import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SignalSeries } from 'sankofa/console/contract'
import type uPlot from 'uplot'
import { drawMarks, namesPx } from './chart-marks.ts'
import { refreshSeries } from './live.ts'
import { loadPlot } from './load-plot.ts'
import { chartMinutes, nowMs, series } from './state.ts'
import { percent, whenShort } from './words.ts'

type View = 'requests' | 'failures' | 'slow'
const views: readonly { readonly view: View; readonly label: string; readonly unit: string }[] = [
  { view: 'requests', label: 'Requests', unit: 'Requests a second' },
  { view: 'failures', label: 'Failed', unit: 'Share of requests that failed' },
  { view: 'slow', label: 'Slow', unit: 'The slowest 1 in 20 waited longer than' },
]
const spans: readonly { readonly minutes: number; readonly label: string }[] = [
  { minutes: 15, label: '15 min' },
  { minutes: 60, label: '1 h' },
  { minutes: 180, label: '3 h' },
]
const heightPx = 264
const shortestSpanS = 600
const marksListed = 6

const valuesOf = (all: SignalSeries, view: View): readonly (number | null)[] =>
  view === 'requests' ? all.requestsPerSecond : view === 'failures' ? all.failedShare : all.p95Ms

const dataOf = (all: SignalSeries | undefined, view: View): uPlot.AlignedData =>
  all === undefined ? [[], []] : [[...all.times], [...valuesOf(all, view)]]

/** A service that has just begun is not drawn as an hour of nothing. */
function firstS(all: SignalSeries | undefined): number {
  const measured = all?.requestsPerSecond.findIndex((value) => value !== null) ?? -1
  const latestStart = Date.now() / 1_000 - shortestSpanS
  return Math.min(all?.times[Math.max(0, measured)] ?? latestStart, latestStart)
}

const shownValue = (view: View, value: number): string =>
  view === 'requests'
    ? String(Number(value.toPrecision(3)))
    : view === 'failures'
      ? percent(value)
      : `${Math.round(value)} ms`

/** A colour as the canvas needs it: resolved for the light or dark scheme in force. */
function ink(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function plotOptions(host: HTMLElement, view: View): uPlot.Options {
  const muted = ink(host, '--muted')
  const line = ink(host, '--line')
  const stroke = ink(host, view === 'failures' ? '--hurting' : '--ink')
  const font = `12px ${getComputedStyle(host).fontFamily}`
  const inks = {
    shown: ink(host, '--accent'),
    back: ink(host, '--hurting'),
    font: `600 ${11 * window.devicePixelRatio}px ${getComputedStyle(host).fontFamily}`,
  }
  const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return {
    width: host.clientWidth,
    height: heightPx,
    // Above the plot there is room for two rows of names.
    padding: [namesPx, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    // Until now, not until the last whole step: what was just taken back is marked at once.
    scales: {
      x: { range: () => [firstS(series.peek()), Date.now() / 1_000] },
      y: { range: (_plot, _least, most) => [0, (most || 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_plot, seconds) => seconds.map((s) => whenShort(s * 1_000, s * 1_000)),
        space: 80,
      },
      { ...axis, size: 58, values: (_plot, values) => values.map((value) => shownValue(view, value)) },
    ],
    series: [{}, { stroke, width: 1.75, points: { show: false }, spanGaps: false }],
    hooks: { draw: [(plot) => drawMarks(plot, series.peek()?.marks ?? [], inks)] },
  }
}

function Choice<T extends string | number>(props: {
  readonly name: string
  readonly legend: string
  readonly options: readonly { readonly value: T; readonly label: string }[]
  readonly chosen: T
  choose(value: T): void
}) {
  return (
    <fieldset class="choice">
      <legend>{props.legend}</legend>
      {props.options.map(({ value, label }) => (
        <label key={value}>
          <input type="radio" name={props.name} checked={value === props.chosen} onChange={() => props.choose(value)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Plot({ view }: { readonly view: View }) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const data = series.value

  useEffect(() => {
    const element = host.current
    if (element === null) return
    let gone = false
    const draw = async (): Promise<void> => {
      const Plot = await loadPlot()
      if (gone) return
      plot.current?.destroy()
      plot.current = new Plot(plotOptions(element, view), dataOf(series.peek(), view), element)
    }
    const redraw = (): void => void draw()
    redraw()
    const scheme = window.matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', redraw)
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }))
    resized.observe(element)
    return () => {
      gone = true
      resized.disconnect()
      scheme.removeEventListener('change', redraw)
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [view])

  useEffect(() => {
    if (data !== undefined) plot.current?.setData(dataOf(data, view))
  }, [data, view])

  return <div class="plot" ref={host} aria-hidden="true" />
}

/** The same marks in words, newest first: what the lines of the chart mean, also without seeing it. */
function Marks() {
  const marks = series.value?.marks ?? []
  if (marks.length === 0) return <p class="quiet">No change went out or came back in this time.</p>
  return (
    <ol class="marks">
      {marks
        .slice(-marksListed)
        .reverse()
        .map((mark) => (
          <li key={`${mark.atMs}${mark.change}${mark.words}`} class={mark.what === 'taken back' ? 'back' : ''}>
            <time>{whenShort(mark.atMs, nowMs.value)}</time>
            <span>
              <span class="id">{mark.change}</span> {mark.words}
            </span>
          </li>
        ))}
    </ol>
  )
}

export function Chart() {
  const view = useSignal<View>('requests')
  return (
    <section aria-labelledby="chart-title">
      <div class="heading">
        <h2 id="chart-title">The service, with the changes marked</h2>
        <Choice
          name="view"
          legend="What to draw"
          options={views.map((one) => ({ value: one.view, label: one.label }))}
          chosen={view.value}
          choose={(chosen) => {
            view.value = chosen
          }}
        />
        <Choice
          name="span"
          legend="How far back"
          options={spans.map((one) => ({ value: one.minutes, label: one.label }))}
          chosen={chartMinutes.value}
          choose={(minutes) => {
            chartMinutes.value = minutes
            void refreshSeries()
          }}
        />
      </div>
      <p class="small">{views.find((one) => one.view === view.value)?.unit}</p>
      <Plot view={view.value} />
      <Marks />
    </section>
  )
}
