import { expect, test } from 'vitest'
import { alertProblems } from './alert-problems.ts'
import type { AlertSettings } from './settings.ts'

test('settings that are right have no problems', () => {
  const settings: AlertSettings = {
    channels: [
      {
        type: 'webhook',
        name: 'hook',
        audiences: ['developer'],
        url: 'https://example.com/x',
        secret: 'sixteen letters!',
      },
      {
        type: 'email',
        name: 'mail',
        audiences: ['owner'],
        server: 'smtps://u:p@example.com',
        from: 'S <s@example.com>',
        to: ['o@example.com'],
      },
    ],
    timeZone: 'Africa/Lagos',
    publicUrl: 'https://console.example.com',
    rules: { disk: { enter: 0.05, exit: 0.1 } },
  }

  expect(alertProblems(settings)).toEqual([])
})

test('every wrong setting is named at once, and no secret is repeated', () => {
  const settings = {
    channels: [
      { type: 'webhook', name: 'My Hook', audiences: [], url: 'ftp://example.com', secret: 'hush' },
      { type: 'email', name: 'log', audiences: ['boss'], server: 'mail:hush', from: 'nobody', to: [] },
      { type: 'pigeon', name: 'p', audiences: ['owner'] },
    ],
    timeZone: 'Lagos',
    publicUrl: 'console',
    rules: { disk: { enter: 0.5 }, ram: {} },
    normalForMs: 0,
    colour: 'red',
  } as unknown as AlertSettings
  const jargon = {
    name: 'checkout',
    attempted: 'a',
    completed: 'b',
    owner: { problem: 'Flag problem', couldNot: '', previous: 'x', normal: 'x'.repeat(61) },
  }

  const problems = alertProblems(settings, [jargon])

  expect(problems.map((line) => line.split(': ')[0])).toEqual([
    'alert',
    'alert.channels[0].name',
    'alert.channels[0].audiences',
    'alert.channels[0].url',
    'alert.channels[0].secret',
    'alert.channels[1].audiences',
    'alert.channels[1].server',
    'alert.channels[1].from',
    'alert.channels[1].to',
    'alert.channels[2].type',
    'alert.channels',
    'alert.timeZone',
    'alert.publicUrl',
    'alert.normalForMs',
    'alert.rules',
    'alert.rules.disk',
    'attempts.checkout.owner.problem',
    'attempts.checkout.owner.couldNot',
    'attempts.checkout.owner.normal',
  ])
  expect(problems.join('\n')).not.toContain('hush')
})
