import { expect, test } from '#harness'
import { sayLive } from './say-live.ts'

const said = (what: 'missing' | 'left over' | 'changed', text: string): string =>
  sayLive({ what, kind: 'column', name: 'public.t.a', weight: 'differs', text })

test('what is not in a live schema as the migrations make it is said without an undo', () => {
  expect(said('missing', 'Column public.t.a is missing after the undo.')).toBe(
    'the column public.t.a, which they make, is not there',
  )
  expect(said('left over', 'Column public.t.a is left over after the undo.')).toBe(
    'the column public.t.a is there, and they do not make it',
  )
  expect(said('changed', 'Column public.t.a is nullable; it was not null.')).toBe(
    'the column public.t.a is another there (Column public.t.a is nullable; by them it is not null)',
  )
  expect(said('changed', "Column public.t.a has the default 'x'::text; it had none.")).toBe(
    "the column public.t.a is another there (Column public.t.a has the default 'x'::text; by them it has none)",
  )
})
