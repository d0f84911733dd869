import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Status } from './contract.ts'
import { createStream, mostClients } from './stream.ts'

/** The part of a response that a stream uses. */
class Screen extends EventEmitter {
  readonly written: string[] = []
  writableLength = 0
  writableEnded = false
  destroyed = false
  write(text: string): void {
    this.written.push(text)
  }
  end(): void {
    this.writableEnded = true
    this.emit('close')
  }
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
  asResponse(): ServerResponse {
    return this as unknown as ServerResponse
  }
}

const status = { sentence: 'All is well.' } as Status
const yes = async (): Promise<boolean> => true

function open(read: () => Promise<Status> = async () => status) {
  const stream = createStream(read)
  onTestFinished(() => stream.stop())
  return stream
}

test('a new screen gets the status at once', async () => {
  const stream = open()
  const screen = new Screen()

  stream.add(screen.asResponse(), yes)

  await vi.waitFor(() =>
    expect(screen.written.join('')).toContain('event: status\ndata: {"sentence":"All is well."}\n\n'),
  )
})

test('many changes at once are read once more, not once each', async () => {
  let reads = 0
  const first = Promise.withResolvers<Status>()
  const stream = open(() => {
    reads += 1
    return reads === 1 ? first.promise : Promise.resolve(status)
  })
  const screen = new Screen()
  stream.add(screen.asResponse(), yes)

  for (let i = 0; i < 100; i += 1) stream.tell()
  first.resolve(status)

  await vi.waitFor(() => expect(screen.written.filter((text) => text.startsWith('event: status'))).toHaveLength(2))
  expect(reads).toBe(2)
})

test('nobody looks: nothing is read', async () => {
  const read = vi.fn(async () => status)
  open(read).tell()

  expect(read).not.toHaveBeenCalled()
})

test('a screen that does not read is let go instead of filling the memory', async () => {
  const stream = open()
  const stuck = new Screen()
  stream.add(stuck.asResponse(), yes)
  await vi.waitFor(() => expect(stuck.written.length).toBeGreaterThan(1))

  stuck.writableLength = 2_000_000
  stream.tell()

  await vi.waitFor(() => expect(stuck.destroyed).toBe(true))
  expect(stream.clients()).toBe(0)
})

test('who may no longer look hears nothing more, and the others do', async () => {
  const stream = open()
  const [revoked, other] = [new Screen(), new Screen()]
  let allowed = true
  stream.add(revoked.asResponse(), async () => allowed)
  stream.add(other.asResponse(), yes)
  await vi.waitFor(() => expect(other.written.length).toBeGreaterThan(1))
  const heard = [revoked.written.length, other.written.length]

  allowed = false
  stream.tell()

  await vi.waitFor(() => expect(other.written.length).toBeGreaterThan(heard[1] ?? 0))
  expect(revoked.writableEnded).toBe(true)
  expect(revoked.written.length).toBe(heard[0])
})

test('there is room for a team, not for a flood', () => {
  const stream = open()
  for (let i = 0; i < mostClients; i += 1) {
    expect(stream.isFull()).toBe(false)
    stream.add(new Screen().asResponse(), yes)
  }

  expect(stream.isFull()).toBe(true)
})
