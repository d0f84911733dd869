import { privileges, theirs } from './scope.ts'

/** Functions, procedures, aggregates; not the constructors that come with a range type. */
export const routines = `
select 'function' as kind, 'pg_proc' as catalogue, routine.oid::int8 as oid,
       space.nspname as schema, routine.proname as own_name,
       space.nspname || '.' || routine.proname || '(' || oidvectortypes(routine.proargtypes) || ')' as name,
       pg_get_userbyid(routine.proowner) as owner,
       ${privileges('routine.proacl', 'f', 'routine.proowner')} as privileges,
       nullif(routine.prokind, 'f') as form,
       pg_get_function_arguments(routine.oid) as arguments,
       pg_get_function_identity_arguments(routine.oid) as identity_arguments,
       case when routine.prokind <> 'p' then pg_get_function_result(routine.oid) end as result,
       language.lanname as language,
       case when routine.prokind <> 'a' then routine.prosrc end as body,
       pg_get_function_sqlbody(routine.oid) as sql_body,
       routine.probin as library,
       nullif(routine.provolatile, 'v') as volatility,
       nullif(routine.prosecdef, false) as security_definer,
       nullif(routine.proisstrict, false) as strict,
       nullif(routine.proleakproof, false) as leakproof,
       nullif(routine.proparallel, 'u') as parallel,
       case when routine.procost <> case when language.lanname in ('c', 'internal') then 1 else 100 end then routine.procost end as cost,
       nullif(routine.prorows, case when routine.proretset then 1000 else 0 end) as rows,
       routine.proconfig as settings,
       case when routine.prosupport <> 0 then routine.prosupport::text end as support,
       case when routine.prokind = 'a' then (
         select json_build_object('kind', form.aggkind, 'direct arguments', form.aggnumdirectargs,
                  'sfunc', form.aggtransfn::text, 'stype', format_type(form.aggtranstype, null), 'sspace', nullif(form.aggtransspace, 0),
                  'finalfunc', nullif(form.aggfinalfn::text, '-'), 'finalfunc_extra', form.aggfinalextra,
                  'finalfunc_modify', form.aggfinalmodify, 'combinefunc', nullif(form.aggcombinefn::text, '-'),
                  'serialfunc', nullif(form.aggserialfn::text, '-'), 'deserialfunc', nullif(form.aggdeserialfn::text, '-'),
                  'initcond', form.agginitval, 'msfunc', nullif(form.aggmtransfn::text, '-'),
                  'minvfunc', nullif(form.aggminvtransfn::text, '-'),
                  'mstype', case when form.aggmtranstype <> 0 then format_type(form.aggmtranstype, null) end,
                  'mfinalfunc', nullif(form.aggmfinalfn::text, '-'), 'minitcond', form.aggminitval,
                  'sortop', case when form.aggsortop <> 0 then form.aggsortop::regoperator::text end)
           from pg_aggregate as form where form.aggfnoid = routine.oid) end as aggregate,
       case when routine.prokind <> 'a' then pg_get_functiondef(routine.oid) end as sql
  from pg_proc as routine
  join pg_namespace as space on space.oid = routine.pronamespace
  join pg_language as language on language.oid = routine.prolang
 where ${theirs}
   and not exists (select from pg_depend as held
                    where held.classid = 'pg_proc'::regclass and held.objid = routine.oid and held.deptype in ('e', 'i'))`
