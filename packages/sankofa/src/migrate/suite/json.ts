/** A parse tree is plain JSON. */
export type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json }
