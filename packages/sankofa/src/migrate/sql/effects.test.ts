import { expect, test } from '#harness'
import { effectsOf } from './effects.ts'
import { readStatements } from './statement.ts'

/** Each effect as a line: what, on what, which columns. */
async function lines(sql: string): Promise<readonly string[]> {
  return effectsOf(await readStatements(sql)).map((effect) => {
    const name = 'table' in effect ? effect.table : 'name' in effect ? effect.name : undefined
    const full = name === undefined ? '' : ` ${[name.schema, name.name].filter((part) => part !== undefined).join('.')}`
    const columns = 'columns' in effect ? ` (${effect.columns.join(', ')})` : ''
    return `${effect.at} ${effect.kind}${full}${columns}${'because' in effect ? `: ${effect.because}` : ''}`
  })
}

test('statements that destroy are told by what they destroy', async () => {
  const found = await lines(`
    drop table a, app.b cascade; alter table a drop column x, alter column y type int, add column z int;
    update only app.t set (p, q) = (1, 2), r.s = 3; delete from t using u; truncate a, b cascade;
    drop schema app cascade; drop type mood; drop domain email; drop extension citext; alter type pair drop attribute b`)

  expect(found).toEqual([
    '0 drop table a',
    '0 drop table app.b',
    '1 drop column a (x)',
    '1 retype column a (y)',
    '2 update app.t (p, q, r)',
    '3 delete t',
    '4 truncate a',
    '4 truncate b',
    '5 drop schema app',
    '6 drop type mood',
    '7 drop type email',
    '8 drop extension citext',
    '9 drop type pair',
  ])
})

test('writes are found inside WITH, ON CONFLICT and MERGE', async () => {
  expect(
    await lines(`
      with gone as (delete from a returning *), more as (update b set x = 1 returning *) insert into c select * from gone;
      insert into d values (1) on conflict (id) do update set x = 2;
      merge into e using f on e.id = f.id when matched then delete`),
  ).toEqual(['0 delete a', '0 update b (x)', '0 insert c', '1 change d', '2 change e'])
})

test('what is renamed on the way is known by the name of before, and what is created on the way is left out', async () => {
  expect(
    await lines(`
      alter table app.t rename to u; alter table app.u rename column a to b; alter table app.u drop column b; drop table u;
      create table app.t (id int); update app.t set id = 1; drop table app.t;
      alter table x set schema other; delete from other.x;
      alter schema s rename to s2; drop table s2.y;
      create table n (id int); insert into n select * from o; drop table o; alter table n rename to o; delete from o`),
  ).toEqual(['2 drop column app.t (a)', '3 drop table app.t', '8 delete x', '10 drop table s.y', '13 drop table o'])
})

test('a DO block and functions that the text defines are read like statements', async () => {
  expect(
    await lines(`
      do $$ declare one record; n int := 0; begin
        for one in select * from t loop update t set x = one.y where id = one.id; end loop;
        if n = 0 then delete from u; end if; n := clean(1); execute 'truncate v';
      end $$;
      create function f() returns void language sql as 'delete from w'; select f();
      create function g() returns trigger language plpgsql as $$ begin new.a := 1; insert into log values (1); return new; end $$;
      create trigger h after insert on t for each row execute function g()`),
  ).toEqual(['0 update t (x)', '0 delete u', '0 call clean', '0 truncate v', '2 delete w', '4 insert log'])
})

test('SQL that is put together while it runs cannot be known', async () => {
  expect(await lines(`do $$ begin execute format('drop table %I', 'x'); update t set a = 1; end $$`)).toEqual([
    '0 call format',
    '0 update t (a)',
    '0 opaque: a DO block: it puts SQL together while it runs',
  ])
  expect(await lines(`do language plperl 'x'`)).toEqual(['0 opaque: a DO block: it runs plperl'])
  expect(await lines('drop owned by someone')).toEqual(['0 opaque: it drops everything that a role owns'])
})

test('statements that only add have no effect', async () => {
  expect(
    await lines(`
      create table t (id int primary key); alter table t add column a int default 1; create index on t (a); create view v as select 1;
      alter table t rename constraint a to b; comment on table t is 'x'; alter type mood add value 'x'; grant select on t to public`),
  ).toEqual([])
})
