/** Fresh subjects first seen in the stage, by arm, and the evidence that the arms are not split as drawn. */
export type SampleRatio = { exposed: number; control: number; logEvidence: number }

export const emptySampleRatio = (): SampleRatio => ({ exposed: 0, control: 0, logEvidence: 0 })

/**
 * Adds one window's newcomers: a Pólya urn around the drawn share, against the drawn share itself. The product does
 * not depend on the order within the window, so exposed ones go first and the same data give the same bits.
 *
 * @param drawn - share of these subjects that was drawn to be exposed
 */
export function addNewcomers(state: SampleRatio, exposed: number, control: number, drawn: number): void {
  const kappa = 4 / Math.min(drawn, 1 - drawn)
  for (let i = 0; i < exposed; i++) {
    const urn = (kappa * drawn + state.exposed) / (kappa + state.exposed + state.control)
    state.logEvidence += Math.log(urn / drawn)
    state.exposed++
  }
  for (let i = 0; i < control; i++) {
    const urn = (kappa * (1 - drawn) + state.control) / (kappa + state.exposed + state.control)
    state.logEvidence += Math.log(urn / (1 - drawn))
    state.control++
  }
}
