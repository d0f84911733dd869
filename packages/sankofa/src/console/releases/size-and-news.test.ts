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

const most = { groups: 2, commits: 2 }

test('commits are listed under each group that they touch, by their whole ids, and counted once', () => {
  const [a, b] = ['a', 'b'].map((letter) => letter.repeat(40))
  const groups = [
    { kind: 'folder', name: 'src', commits: [a, b], files: 2 },
    { kind: 'robot', name: 'docs', commits: [b, 'gone'], files: 1 },
  ]

  const news = readNews({ commits: [commit(String(a)), commit(String(b))], groups, missing: [commit('c')] }, most)

  expect(news).toMatchObject({ commits: 2, moreGroups: 0, missing: [{ id: 'c' }] })
  expect(news?.groups.map(({ kind, name, commits }) => [kind, name, commits.map(({ id }) => id)])).toEqual([
    ['folder', 'src', ['a'.repeat(10), 'b'.repeat(10)]],
    ['', 'docs', ['b'.repeat(10)]],
  ])
})

test('what is too much is counted, and a large group does not hide the next', () => {
  const commits = ['a', 'b', 'c'].map((id) => commit(id))
  const groups = ['one', 'two', 'three'].map((name) => ({ kind: 'folder', name, commits: ['a', 'b', 'c'] }))

  const news = readNews({ commits, groups }, most)

  expect(news).toMatchObject({ commits: 3, moreGroups: 1 })
  expect(news?.groups.map(({ name, commits, more }) => [name, commits.length, more])).toEqual([
    ['one', 2, 1],
    ['two', 2, 1],
  ])
  expect(readNews({ commits }, most)?.groups).toMatchObject([{ name: '', more: 1 }])
})

test('whatever was written there, it is either understood or absent', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (one, other) => {
      for (const value of [
        one,
        { commits: one, groups: other },
        { commits: [one], groups: [{ name: 'a', commits: [other] }] },
      ]) {
        const news = readNews(value, most)
        expect(news === null || (news.groups.length > 0 && news.commits + news.missing.length > 0)).toBe(true)
        expect(() => readSize(value)).not.toThrow()
      }
    }),
  )
})
