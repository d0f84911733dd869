import type { NewCommit, ReleaseHealth, ReleaseNews, ReleaseSize, ReleaseSummary } from 'sankofa/console/contract'
import { nowMs } from '../state.ts'
import { count, whenShort } from '../words.ts'
import { isLost } from './live.ts'

const healthNames: Readonly<Record<ReleaseHealth['state'], string>> = {
  ready: 'Ready',
  starting: 'Starting',
  failed: 'Failed',
  unknown: 'Not known',
}

/** How a release fares on its hosts; the word says it too, never the colour alone. */
export function Health({ health }: { readonly health: ReleaseHealth }) {
  const state = isLost.value ? 'unknown' : health.state
  return (
    <p class="health">
      <b class={`standing ${state}`}>{healthNames[state]}</b> <span class="small">{health.words}</span>
    </p>
  )
}

/** `by Ama, 14:26`; the author of the commit where another made the release of it. */
export function Origin({ release }: { readonly release: ReleaseSummary }) {
  const { author, madeBy, madeAt, from } = release
  if (madeAt === null) return <p class="small">Nobody registered it, so only its name is known.</p>
  const who = author === null || author === madeBy ? madeBy : `${author}, made by ${madeBy}`
  return (
    <p class="small">
      by {who}, {whenShort(madeAt, nowMs.value)}
      {from === null ? '' : ` from ${from}`}
    </p>
  )
}

const counted = (n: number | null, one: string, many: string): string =>
  n === null || n === 0 ? '' : `${count(n)}\u00a0${n === 1 ? one : many}`

export function sizeWords(size: ReleaseSize | null): string {
  if (size === null) return ''
  return [
    counted(size.lines, 'line', 'lines'),
    counted(size.files, 'file', 'files'),
    counted(size.migrations, 'migration', 'migrations'),
    counted(size.flags, 'flag', 'flags'),
    counted(size.dependencies, 'dependency', 'dependencies'),
  ]
    .filter((part) => part !== '')
    .join(', ')
}

/** A group of more commits may be broken over two columns. */
const longGroup = 8

const commitsWords = (n: number): string => (n === 1 ? '1 commit' : `${count(n)} commits`)

function Commits({ commits }: { readonly commits: readonly NewCommit[] }) {
  return (
    <ul>
      {commits.map((commit) => (
        <li key={commit.id}>
          <span class="id">{commit.id}</span>
          <span>
            {commit.title} {commit.author === '' ? null : <span class="small">{commit.author}</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Where to look: what changed, by the part of the code that it touches. */
export function News({ news }: { readonly news: ReleaseNews }) {
  return (
    <div class="news">
      {news.groups.map(({ kind, name, commits, more }) => (
        <section key={`${kind} ${name}`} class={commits.length > longGroup ? 'long' : ''}>
          {name === '' ? null : (
            <h4>
              {kind === 'folder' || kind === '' ? '' : `${kind} `}
              <span class="id">{name}</span> <span class="small">{commitsWords(commits.length + more)}</span>
            </h4>
          )}
          <Commits commits={commits} />
          {more === 0 ? null : <p class="small">and {count(more)} more</p>}
        </section>
      ))}
      {news.missing.length === 0 ? null : (
        <section>
          <h4>
            Not in it, though in what runs <span class="small">{commitsWords(news.missing.length)}</span>
          </h4>
          <Commits commits={news.missing} />
        </section>
      )}
      {news.moreGroups === 0 ? null : <p class="small">And {count(news.moreGroups)} more parts.</p>}
    </div>
  )
}
