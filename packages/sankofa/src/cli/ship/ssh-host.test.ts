import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from '#harness'
import { overSsh, type SshEnd } from './over-ssh.ts'
import { readReceived } from './received.ts'
import { commandThere, hostProblems } from './ssh-host.ts'
import { whyNotPlaced } from './why-not-placed.ts'

const host = { ssh: 'deploy@shop-1', directory: '/srv/shop' }
const ended = (end: Partial<SshEnd>): string => whyNotPlaced(host, { code: 1, stdout: '', stderr: '', ...end }).message

test('a host is one name for ssh, and never an option of it', () => {
  const wrong = ['-oProxyCommand=x', '-lroot@shop', 'shop-1 reboot', 'a@-b', '', 'shop;reboot', '$(x)', 'shop\n', 7]
  const right = ['shop-1', 'deploy@shop-1.example.com', '10.0.0.7', 'ssh://deploy@shop-1:2222', 'me@[::1]', 'a.b@c']

  for (const ssh of wrong) expect(hostProblems([{ ...host, ssh }]).join(), String(ssh)).toContain('hosts[0].ssh')
  for (const ssh of right) expect(hostProblems([{ ...host, ssh }]), ssh).toEqual([])
})

test('every wrong setting of hosts is told at once', () => {
  const problems = hostProblems([{ ssh: '-x', directory: 'srv', command: [], key: 'a' }, host, host, null])

  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'release.hosts[0].key',
    'release.hosts[0].ssh',
    'release.hosts[0].directory',
    'release.hosts[0].command',
    'release.hosts[3]',
    'release.hosts',
  ])
  expect(hostProblems([])).toHaveLength(1)
  expect(hostProblems('shop-1')).toHaveLength(1)
})

test('no word means anything to the shell of the host', () => {
  const directory = mkdtempSync(join(tmpdir(), "sankofa it's $(touch x) "))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const words = ["it's", '$HOME', '`id`', '"a b"', ';', '*', '\\', '-n']
  const line = commandThere({ ...host, directory, command: ['printf', '%s\\n'] }, words)

  expect(execFileSync('sh', ['-c', `${line}; pwd`], { encoding: 'utf8' })).toBe(`${words.join('\n')}\n`)
})

test('an answer is found among what a login prints around it', () => {
  const text = 'Welcome!\n{"a":1}\n{"answer":"received","has":"abc"}\nbye\n'

  expect(readReceived(text)).toEqual({ answer: 'received', has: 'abc' })
  expect(readReceived('Welcome!\n{"answer":"received"}')).toBeUndefined()
})

test('each way not to get there is told with what to do', () => {
  const full = JSON.stringify({ answer: 'received', error: 'RELEASE_UNWRITABLE', message: 'write: ENOSPC' })

  expect(ended({ code: 255, stderr: 'deploy@shop-1: Permission denied (publickey).' })).toContain(
    'ssh-copy-id deploy@shop-1',
  )
  expect(ended({ code: 255, stderr: 'Host key verification failed.' })).toContain('compare the key')
  expect(ended({ code: 255, stderr: 'ssh: Could not resolve hostname shop-1' })).toContain('leads nowhere')
  expect(ended({ code: 255, stderr: 'something new' })).toContain('cannot be reached. It said: something new')
  expect(ended({ code: 90, stderr: "sh: cd: can't cd to /srv/shop" })).toContain('There is no folder /srv/shop')
  expect(ended({ code: 127, stderr: 'sh: npx: not found' })).toContain(
    'no Sankofa in /srv/shop of deploy@shop-1, or no Node',
  )
  expect(ended({ stderr: 'npm error npx canceled due to missing packages' })).toContain('npm install sankofa')
  expect(ended({ code: 2, stderr: "error: unknown command 'receive'" })).toContain('too old')
  expect(ended({ stdout: full })).toContain('Its disk is full')
  expect(ended({ code: null })).toContain('broke off')
  expect(ended({ code: null, notStarted: 'spawn ssh ENOENT' })).toContain('Install an OpenSSH client')
})

const hasSsh = (() => {
  try {
    execFileSync('ssh', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

test.skipIf(!hasSsh)('the real ssh takes what it is given, and says in its words that nobody listens', async () => {
  const nobody = { ...host, ssh: 'ssh://deploy@127.0.0.1:1' }

  const end = await overSsh(nobody, ['receive'], { signal: new AbortController().signal })

  expect(end.code).toBe(255)
  expect(whyNotPlaced(nobody, end).message).toMatch(/cannot be reached\. It said: .*refused/)
})
