/** What a request knows of its subject, such as `{ country: 'NG', plan: 'business' }`. Keep it stable per subject. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>
type Value = string | number | boolean

/** A condition on an attribute that the request does not carry is false, `notIn` included. */
export type Condition =
  | { readonly attribute: string; readonly equals: Value }
  | { readonly attribute: string; readonly in: readonly Value[] }
  | { readonly attribute: string; readonly notIn: readonly Value[] }
  | { readonly attribute: string; readonly startsWith: string }

/** `randomised` takes part in the rollout and is measured; `on` and `off` are decided, and never measured. */
export const treatments = ['randomised', 'on', 'off'] as const
export type Treatment = (typeof treatments)[number]

/** The first rule whose conditions all hold decides. */
export type Rule = { readonly when: Condition | readonly Condition[]; readonly treat: Treatment }

type Test = (attributes: Attributes) => boolean

/** Rules as one function, so that nothing is looked up or built while a request waits. */
export function compileRules(rules: readonly Rule[], otherwise: Treatment): (attributes: Attributes) => Treatment {
  const compiled = rules.map((rule) => ({ tests: conditionsOf(rule).map(compileCondition), treatment: rule.treat }))
  return (attributes) => {
    for (const rule of compiled) if (rule.tests.every((test) => test(attributes))) return rule.treatment
    return otherwise
  }
}

export const conditionsOf = (rule: Rule): readonly Condition[] => ('attribute' in rule.when ? [rule.when] : rule.when)

function compileCondition(condition: Condition): Test {
  const { attribute } = condition
  if ('equals' in condition) return (attributes) => attributes[attribute] === condition.equals
  if ('startsWith' in condition) {
    return (attributes) => {
      const value = attributes[attribute]
      return typeof value === 'string' && value.startsWith(condition.startsWith)
    }
  }
  const wantsMember = 'in' in condition
  const members: ReadonlySet<Value> = new Set(wantsMember ? condition.in : condition.notIn)
  return (attributes) => {
    const value = attributes[attribute]
    return value !== undefined && members.has(value) === wantsMember
  }
}
