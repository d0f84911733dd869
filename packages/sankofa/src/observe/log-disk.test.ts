import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from '#harness'
import { createLog } from './log.ts'

test.runIf(existsSync('/dev/full'))('a disk that is full does not end a process that logs', async () => {
  const died: unknown[] = []
  const onDeath = (error: unknown): void => void died.push(error)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', onDeath)
  onTestFinished(() => {
    process.off('uncaughtException', onDeath)
    for (const other of others) process.on('uncaughtException', other)
  })
  const log = createLog({ service: 'shop', release: 'r1', destination: '/dev/full' })

  for (let line = 0; line < 3; line++) {
    log.info('a line that finds no room')
    await wait(50)
  }

  expect(died).toEqual([])
})
