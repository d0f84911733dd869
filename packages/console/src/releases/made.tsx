import type { ServiceReleases } from 'sankofa/console/contract'
import { News, Origin, sizeWords } from './facts.tsx'

export function Made({ made }: { readonly made: ServiceReleases['made'] }) {
  if (made.length === 0) return null
  return (
    <div class="made">
      <h3>Others that were made</h3>
      <ul class="made-rows">
        {made.map((release) => (
          <li key={release.release} data-release={release.release}>
            <div>
              <p>
                <span class="id">{release.release}</span> {release.title}
              </p>
              <Origin release={release} />
              {release.news === null ? null : (
                <details>
                  <summary aria-label={`What was new in ${release.release}`}>
                    {release.news.commits === 1 ? '1 commit' : `${release.news.commits} commits`}
                  </summary>
                  <News news={release.news} />
                </details>
              )}
            </div>
            <p class="became">{release.became}</p>
            <p class="small">{sizeWords(release.size)}</p>
          </li>
        ))}
      </ul>
    </div>
  )
}
