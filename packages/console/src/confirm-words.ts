import type { ChangeStatus } from 'sankofa/console/contract'
import type { Asking } from './state.ts'

type Asked = Pick<ChangeStatus, 'kind' | 'held' | 'undoProved' | 'undoWords'>
type Question = { readonly title: string; readonly yes: string; readonly why: string }

const isForEveryone = ({ kind }: Pick<Asked, 'kind'>): boolean => kind === 'migration' || kind === 'tunable'

/** What is asked once more before it is done. */
export function questionOf({ kind }: Pick<Asked, 'kind'>, act: Asking['act']): Question {
  const inJournal = 'Why (kept in the journal)'
  switch (act) {
    case 'go':
      return kind === 'migration'
        ? { title: 'Apply it?', yes: 'Yes, apply it', why: '' }
        : { title: 'Let it go out?', yes: 'Yes, let it go out', why: '' }
    case 'hold':
      return { title: 'Hold it where it is?', yes: 'Yes, hold it', why: inJournal }
    case 'back':
      return {
        title: kind === 'migration' ? 'Take it back from the database?' : 'Take it back from everyone?',
        yes: 'Yes, take it back',
        why: inJournal,
      }
    default:
      return act satisfies never
  }
}

/** What will happen then. */
export function explain(change: Asked, act: Asking['act']): string {
  switch (act) {
    case 'go':
      if (change.held !== null)
        return isForEveryone(change)
          ? 'It stays, and is watched again.'
          : 'It goes on from the stage where it was held.'
      return change.undoProved
        ? goes[change.kind]
        : 'Its undo is proved first; if that fails, nothing goes out and you are told why.'
    case 'hold':
      return isForEveryone(change)
        ? 'It stays as it is and is not kept for good before you say so; it is still taken back if it hurts.'
        : 'Those who have it keep it, nobody else gets it, and it is still taken back by itself if it hurts.'
    case 'back': {
      const returns =
        change.kind === 'migration'
          ? 'Its undo runs, and rows that were kept aside are put back.'
          : change.kind === 'tunable'
            ? 'The former value holds again for everyone.'
            : 'Everyone returns to what was there before.'
      return change.undoProved
        ? `${returns} ${change.undoWords}`
        : `${returns} Its undo was not proved beforehand, so look afterwards.`
    }
    default:
      return act satisfies never
  }
}

const goes: Readonly<Record<ChangeStatus['kind'], string>> = {
  flag: 'It is shown to a few customers first, and taken back by itself if they are hurt.',
  release: 'It is given to a few customers first, and taken back by itself if they are hurt.',
  tunable: 'Everyone gets it at once, and it is taken back by itself if more requests fail.',
  migration:
    'It is applied at once, for everyone. If more requests fail it is taken back by itself where nothing can be lost; otherwise you are called.',
}
