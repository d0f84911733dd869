import type { Mark } from 'sankofa/console/contract'
import type uPlot from 'uplot'

export type MarkInks = { readonly shown: string; readonly back: string; readonly font: string }

const labelGapPx = 8
const rowPx = 16
/** Height above the plot for the names: what went out on the first row, what came back on the second. */
export const namesPx = 2 * rowPx + 6

/** Draws a vertical line where a change was shown or taken back, and its name where there is room for it. */
export function drawMarks(plot: uPlot, marks: readonly Mark[], inks: MarkInks): void {
  const { ctx, bbox } = plot
  const ratio = window.devicePixelRatio
  // One row of names for what went out, one for what came back, each with its own end of the last name.
  const endOfLabel = { shown: 0, back: 0 }
  ctx.save()
  ctx.font = inks.font
  ctx.textBaseline = 'top'
  ctx.textAlign = 'left'
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.atMs / 1_000, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    const row = mark.what === 'taken back' ? 'back' : 'shown'
    ctx.strokeStyle = ctx.fillStyle = row === 'back' ? inks.back : inks.shown
    ctx.lineWidth = ratio
    ctx.setLineDash(mark.what === 'shown' || mark.what === 'taken back' ? [] : [3 * ratio, 3 * ratio])
    const rowTop = bbox.top - (row === 'back' ? rowPx + 2 : 2 * rowPx + 2) * ratio
    const width = ctx.measureText(mark.short).width
    const left = Math.max(0, Math.min(x - ratio, bbox.left + bbox.width - width))
    const hasRoom = left >= endOfLabel[row]
    ctx.beginPath()
    ctx.moveTo(x, hasRoom ? rowTop + (rowPx - 2) * ratio : bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    if (!hasRoom) continue
    ctx.fillText(mark.short, left, rowTop)
    endOfLabel[row] = left + width + labelGapPx * ratio
  }
  ctx.restore()
}
