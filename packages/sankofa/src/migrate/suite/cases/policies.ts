import { type Case, differs, failsAlways, kept, stuck } from '../case.ts'

const note =
  'create table note (id bigint primary key, owner name not null default current_user, text text, shared boolean not null default false)'
const secured = `${note}; alter table note enable row level security`
const own = `create policy own on note as restrictive for update to pg_monitor, pg_read_all_stats
using (note.owner = current_user) with check (note.owner = current_user and note.text is not null)`
const nearly = (name: string, wrong: string): Case => ({
  name,
  base: `${secured}; ${own}`,
  up: 'drop policy if exists own on note',
  undo: wrong,
  expect: differs('changed policy public.note.own'),
})

export const policies: readonly Case[] = [
  {
    name: 'row security and its policies go again',
    base: note,
    up: `alter table note enable row level security; alter table note force row level security;
create policy own on note using (note.owner = current_user);
create policy shared on note for select to pg_monitor using (note.shared)`,
    undo: 'drop policy shared on note; drop policy own on note; alter table note no force row level security; alter table note disable row level security',
    expect: kept,
  },
  {
    name: 'row security stays on',
    base: note,
    up: 'alter table note enable row level security; drop policy if exists own on note; create policy own on note using (true)',
    undo: 'drop policy own on note',
    expect: differs('changed table public.note'),
  },
  {
    name: 'a dropped policy comes back',
    base: `${secured}; ${own}`,
    up: 'drop policy own on note',
    undo: own,
    expect: kept,
  },
  nearly('a policy comes back for everybody', own.replace(' to pg_monitor, pg_read_all_stats', '')),
  nearly('a policy comes back for one role less', own.replace(', pg_read_all_stats', '')),
  nearly('a policy comes back for every command', own.replace('for update ', '')),
  nearly('a policy comes back that allows instead of forbidding', own.replace('as restrictive ', '')),
  nearly('a policy comes back without what may be written', own.replace(' and note.text is not null', '')),
  nearly(
    'a policy comes back with a wider condition',
    own.replace('using (note.owner = current_user)', 'using (note.owner = current_user or note.shared)'),
  ),
  {
    name: 'a changed policy is the old one again',
    base: `${secured}; ${own}`,
    up: 'alter policy own on note to public using (true) with check (true)',
    undo: 'alter policy own on note to pg_monitor, pg_read_all_stats using (note.owner = current_user) with check (note.owner = current_user and note.text is not null)',
    expect: kept,
  },
  {
    name: 'a policy is dropped from a table that has none of that name',
    base: secured,
    up: 'create policy own on note using (true)',
    undo: 'drop policy owner on note',
    expect: failsAlways,
  },
  {
    name: 'a policy is missing, and so up cannot be repeated',
    base: `${secured}; ${own}`,
    up: 'drop policy own on note',
    undo: '',
    expect: stuck('missing policy public.note.own'),
  },
  {
    name: 'the undo of row security was not written',
    base: `${secured}; ${own}`,
    up: 'drop policy own on note; alter table note disable row level security; alter table note force row level security',
    expect: kept,
  },
]
