import { defineConfig } from 'sankofa'
import { flags, serviceFeeBps } from './src/changes.ts'
import { readMarketMigrations } from './src/migrate.ts'

export const config = defineConfig({
  service: 'market',
  flags,
  tunables: [serviceFeeBps],
  migrations: { directory: 'migrations', load: readMarketMigrations },
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
