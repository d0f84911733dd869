import { defineConfig } from 'sankofa'
import { flags, serviceFeeBps } from './src/changes.ts'
import { readMarketMigrations } from './src/migrate.ts'

export const config = defineConfig({
  service: 'market',
  flags,
  tunables: [serviceFeeBps],
  migrations: { directory: 'migrations', load: readMarketMigrations },
  release: {
    start: ['node', '--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', 'apps/market/src/main.ts'],
    health: '/health',
    smoke: ['/products', '/search?q=rice', '/shipping-zones'],
    // A release changes no schema: what it needs goes out before it, as changes of their own.
    environment: { MARKET_PREPARED: 'yes' },
  },
  attempts: [
    {
      name: 'checkout',
      attempted: 'checkout.attempted',
      completed: 'order.paid',
      owner: {
        problem: 'Checkout problem',
        couldNot: 'could not pay for orders',
        previous: 'the previous checkout',
        normal: 'payments',
      },
    },
  ],
})
