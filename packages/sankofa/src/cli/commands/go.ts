import { forecastWithoutControl } from '../../console/index.ts'
import { type ChangeState, type Forecast, foldChange, requestGo } from '../../journal/index.ts'
import { buildGuards, defaultStages, forecast } from '../../judge/index.ts'
import { pgMeasurement } from '../../observe/index.ts'
import { quietFor } from '../../rollout/index.ts'
import type { Context } from '../context.ts'
import { proposeDeclared } from '../declared.ts'
import { type OutputOptions, percent, print, roughly } from '../output.ts'
import { isWatched } from '../watched.ts'
import { stateOf } from './prove.ts'

/** Says what will be seen and when, then asks the watcher to let the change out, or to go on with a held one. */
export async function goCommand(
  context: Context,
  target: string,
  options: OutputOptions & { readonly unproved?: string; readonly alpha?: number },
): Promise<void> {
  const state = await changeToGo(context, target)
  const expected =
    state.control === 'subjects' && state.held === undefined
      ? await whatWillBeSeen(context, options.alpha ?? 0.01)
      : undefined
  await requestGo(context.journal, {
    change: state.change,
    actor: context.actor,
    ...(options.unproved === undefined ? {} : { unproved: options.unproved }),
    ...(options.alpha === undefined ? {} : { alpha: options.alpha }),
  })
  const watched = await isWatched(context.pool)
  const waitsFor = state.held === undefined ? await whatItWaitsFor(context, state) : undefined
  print(options, { change: state.change, asked: 'go', forecast: expected, watched, waitsFor }, [
    ...(expected === undefined ? [] : forecastLines(expected)),
    ...(state.control === 'none' && state.held === undefined
      ? [forecastWithoutControl.sentence, ...forecastWithoutControl.cannotSee.map((line) => `  ${line}`)]
      : []),
    `Asked: ${state.change} ${state.held === undefined ? 'goes out' : 'goes on'}. Follow it with "sankofa status"; take it back with "sankofa back ${state.change}".`,
    ...(waitsFor === undefined ? [] : [`! It waits to go out, because nobody would see whether it hurts: ${waitsFor}`]),
    ...(watched ? [] : ['! No watcher runs, so nothing happens yet. Start one: "sankofa watch".']),
  ])
}

/** Proposed anew when it is not out: the config, or the folder of migrations, may say something else than last time. */
async function changeToGo(context: Context, target: string): Promise<ChangeState> {
  const state = await stateOf(context, target)
  const isRefused = state.kind === 'migration' && state.state === 'refused'
  if ((state.state !== 'undone' && !isRefused) || target.includes('=')) return state
  const declared = (context.config.flags ?? []).some((flag) => flag.id === state.change)
  if (!declared && state.kind !== 'migration') return state
  await proposeDeclared(context, target)
  return foldChange(await context.journal.read({ change: state.change })) ?? state
}

/** Without somebody who reports nothing is let out; without requests nothing can be said of it. */
async function whatItWaitsFor(context: Context, state: ChangeState): Promise<string | undefined> {
  const nowMs = Date.now()
  return quietFor({ ...state, stage: 0 }, await pgMeasurement(context.pool).liveness(nowMs), nowMs)
}

async function whatWillBeSeen(context: Context, alpha: number): Promise<Forecast> {
  const baseline = await pgMeasurement(context.pool).baseline(Date.now())
  const guards = buildGuards({
    routes: baseline.routes,
    attempts: (context.config.attempts ?? []).map((attempt) => attempt.name),
  })
  const stages = defaultStages(baseline.requestsPerSecond, baseline.subjects)
  return forecast({ baseline, plan: { stages, guards, alpha } })
}

function forecastLines(expected: Forecast): readonly string[] {
  return [
    expected.sentence,
    ...expected.stages.map(
      (stage) => `  ${percent(stage.share).padStart(6)} of customers: ${roughly(stage.expectedMs)}${seen(stage)}`,
    ),
    ...expected.cannotSee.map((sentence) => `  ${sentence}`),
  ]
}

/** At the last stage hardly anybody is left to compare with: naming hundreds of customers would tell nobody anything. */
const mostWorthNaming = 100

function seen({ harmedUntilSeen, smallestRatio }: Forecast['stages'][number]): string {
  if (harmedUntilSeen === undefined) return '; too few customers to see a harm'
  if (harmedUntilSeen > mostWorthNaming) return ''
  const growth = smallestRatio === undefined ? '' : `, a growth of errors from ${Number(smallestRatio.toFixed(1))}-fold`
  return `; a strong harm is seen after about ${harmedUntilSeen} customers${growth}`
}
