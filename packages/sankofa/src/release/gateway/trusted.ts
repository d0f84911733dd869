import { BlockList, isIP } from 'node:net'
import { SankofaError } from '../../core/index.ts'

/** @returns whether an address is one of `trusted`: addresses, or ranges such as `10.0.0.0/8` */
export function trustedProxies(trusted: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList()
  const wrong = trusted.filter((entry) => !addTo(list, entry))
  if (wrong.length > 0)
    throw new SankofaError('SETTINGS_WRONG', {
      problems: wrong.map((entry) => `trusted: found "${entry}", expected an address or a range such as "10.0.0.0/8"`),
    })
  if (trusted.length === 0) return () => false
  return (address) => {
    if (address === undefined) return false
    const plain = plainAddress(address)
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  }
}

/** `::ffff:10.0.0.1`, as a socket that listens on both families says it, is `10.0.0.1`. */
export const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address)

function addTo(list: BlockList, entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  const kind = family === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) {
    list.addAddress(address, kind)
    return true
  }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) return false
  list.addSubnet(address, Number(bits), kind)
  return true
}
