/** PostgreSQL's syntax tree, read without its types: what is done here is the same for every kind of node. */
export type Tree = { [key: string]: unknown }

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null

/** A literal or a `$n`: what differs between two sendings of one statement. */
export type Leaf = {
  /** The node that holds `A_Const` or `ParamRef`. */
  readonly holder: Tree
  readonly location: number
  /** Leaves with one key are one parameter, so that an expression of `group by` stays the same in the target list. */
  readonly shared?: string
}

type Constant = {
  readonly location?: number
  readonly ival?: { readonly ival?: number }
  readonly fval?: { readonly fval: string }
  readonly sval?: { readonly sval?: string }
  readonly boolval?: object
  readonly bsval?: object
  readonly isnull?: boolean
}

export const constantOf = (node: unknown): Constant | undefined =>
  isTree(node) && isTree(node.A_Const) ? (node.A_Const as Constant) : undefined

export const parameterOf = (node: unknown): { readonly number: number; readonly location?: number } | undefined =>
  isTree(node) && isTree(node.ParamRef)
    ? (node.ParamRef as { readonly number: number; readonly location?: number })
    : undefined

const places = new Set(['location', 'stmt_location', 'stmt_len', 'rexpr_list_start', 'rexpr_list_end'])

/** The tree without places in the text: two texts that mean the same have one key. */
export const keyOf = (node: unknown): string =>
  JSON.stringify(node, (name: string, value: unknown) =>
    places.has(name) || (name.startsWith('list_') && typeof value === 'number') ? undefined : value,
  )

/** The tree with its literals and parameters blanked: equal for two rows of one `values`. */
export const shapeOf = (node: unknown): string =>
  JSON.stringify(node, (name: string, value: unknown) => {
    if (places.has(name)) return undefined
    return constantOf(value) !== undefined || parameterOf(value) !== undefined ? '?' : value
  })

/** PostgreSQL's type of a literal as it stands in a text; one in quotes takes its type from where it stands. */
export function literalType(constant: Constant): string {
  if (constant.ival !== undefined) return 'int4'
  if (constant.boolval !== undefined) return 'bool'
  if (constant.bsval !== undefined) return 'bit'
  if (constant.fval === undefined) return 'unknown'
  const { fval } = constant.fval
  const isWhole = /^-?\d+$/.test(fval)
  return isWhole && BigInt(fval) <= 2n ** 63n - 1n && BigInt(fval) >= -(2n ** 63n) ? 'int8' : 'numeric'
}
