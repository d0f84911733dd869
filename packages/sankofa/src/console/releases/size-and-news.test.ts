import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readNews, readSize } from './size-and-news.ts'

const commit = (id: string, title = `what ${id} does`) => ({ id, title, author: 'Kofi', files: ['a.ts'] })

test('figures are taken as they are, lists by their length, and what is missing is absent', () => {
  expect(readSize({ lines: 12, files: 3, migrations: ['0042'], flags: [], largest: [{}] })).toEqual({
    lines: 12,
    files: 3,
    migrations: 1,
    flags: 0,
    dependencies: null,
  })
})

test('commits are listed under each group that they touch and counted once', () => {
  const news = readNews(
    {
      commits: [commit('a'), commit('b')],
      groups: [
        { name: 'src', commits: ['a', 'b'] },
        { name: 'docs', commits: ['b', 'gone'] },
      ],
    },
    10,
  )

  expect(news).toMatchObject({ commits: 2, more: 0 })
  expect(news?.groups.map(({ name, commits }) => [name, commits.map(({ id }) => id)])).toEqual([
    ['src', ['a', 'b']],
    ['docs', ['b']],
  ])
})

test('without groups all commits are one, and past the most the rest is counted', () => {
  expect(readNews({ commits: ['a', 'b', 'c'].map((id) => commit(id)) }, 2)).toMatchObject({
    commits: 3,
    more: 1,
    groups: [{ name: '', commits: [{ id: 'a' }, { id: 'b' }] }],
  })
})

test('whatever was written there, it is either understood or absent', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (one, other) => {
      for (const value of [
        one,
        { commits: one, groups: other },
        { commits: [one], groups: [{ name: 'a', commits: [other] }] },
      ]) {
        const news = readNews(value, 5)
        expect(news === null || news.groups.length > 0).toBe(true)
        expect(() => readSize(value)).not.toThrow()
      }
    }),
  )
})
