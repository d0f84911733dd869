/** Tables of an invented marketplace, in the order in which they come. */
export const tableNames = [
  ...[
    'customer',
    'shop',
    'product',
    'address',
    'purchase',
    'purchase_line',
    'payment',
    'refund',
    'shipment',
    'courier',
  ],
  ...[
    'parcel',
    'warehouse',
    'stock_level',
    'supplier',
    'delivery_slot',
    'invoice',
    'invoice_line',
    'tax_rate',
    'coupon',
  ],
  ...['coupon_use', 'review', 'review_answer', 'question', 'favourite', 'basket', 'basket_line', 'session', 'device'],
  ...['login_attempt', 'employee', 'team', 'shift', 'task', 'task_note', 'ticket', 'ticket_message', 'attachment'],
  ...['campaign', 'campaign_mail', 'audience', 'subscription', 'plan', 'charge', 'payout', 'bank_account', 'dispute'],
  ...['dispute_note', 'fee', 'ledger_page', 'settlement', 'price_list', 'price', 'bundle', 'bundle_part', 'category'],
  ...[
    'category_link',
    'brand',
    'photo',
    'size_chart',
    'return_case',
    'return_line',
    'gift_card',
    'gift_use',
    'referral',
  ],
  ...[
    'webhook',
    'webhook_call',
    'api_client',
    'export_job',
    'import_job',
    'setting',
    'audit_note',
    'route_plan',
    'depot',
  ],
] as const

/** Short lists that others point to by their code. */
export const listNames = ['country', 'currency', 'language', 'unit', 'channel', 'reason', 'carrier', 'colour'] as const

/** What a column may be; `widened` and `narrowed` for those whose type a later migration changes, and its undo changes back. */
export type Shape = {
  readonly name: string
  readonly type: string
  readonly rest: string
  readonly widened?: string
  readonly narrowed?: (column: string) => string
}

export const shapes: readonly Shape[] = [
  { name: 'title', type: 'varchar(80)', rest: '', widened: 'text', narrowed: (column) => `left(${column}, 80)` },
  { name: 'slug', type: 'varchar(60)', rest: '', widened: 'varchar(160)', narrowed: (column) => `left(${column}, 60)` },
  { name: 'note', type: 'text', rest: '' },
  { name: 'description', type: 'text', rest: `not null default ''` },
  { name: 'status', type: 'text', rest: `not null default 'new'` },
  { name: 'amount', type: 'bigint', rest: 'not null default 0' },
  { name: 'discount', type: 'bigint', rest: '' },
  {
    name: 'quantity',
    type: 'smallint',
    rest: 'not null default 1',
    widened: 'integer',
    narrowed: (column) => `least(greatest(${column}, -32768), 32767)::smallint`,
  },
  { name: 'position', type: 'integer', rest: 'not null default 0' },
  { name: 'weight_grams', type: 'integer', rest: '' },
  {
    name: 'rate',
    type: 'numeric(7, 4)',
    rest: '',
    widened: 'numeric(12, 4)',
    narrowed: (column) => `least(greatest(${column}, -999), 999)::numeric(7, 4)`,
  },
  { name: 'is_active', type: 'boolean', rest: 'not null default true' },
  { name: 'is_hidden', type: 'boolean', rest: '' },
  { name: 'email', type: 'text', rest: '' },
  { name: 'phone', type: 'varchar(32)', rest: '', widened: 'text', narrowed: (column) => `left(${column}, 32)` },
  { name: 'token', type: 'uuid', rest: 'not null default gen_random_uuid()' },
  { name: 'payload', type: 'jsonb', rest: `not null default '{}'` },
  { name: 'labels', type: 'text[]', rest: `not null default '{}'` },
  { name: 'starts_on', type: 'date', rest: '' },
  { name: 'ends_on', type: 'date', rest: '' },
  { name: 'closed_at', type: 'timestamptz', rest: '' },
  { name: 'updated_at', type: 'timestamptz', rest: 'not null default now()' },
  { name: 'seen_from', type: 'inet', rest: '' },
  { name: 'lasts', type: 'interval', rest: '' },
  { name: 'score', type: 'double precision', rest: 'not null default 0' },
]
