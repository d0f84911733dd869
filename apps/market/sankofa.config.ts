import { defineConfig } from 'sankofa'
import { flags, serviceFeeBps } from './src/changes.ts'

export const config = defineConfig({
  service: 'market',
  flags,
  tunables: [serviceFeeBps],
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
