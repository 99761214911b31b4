import { lookup } from 'node:dns/promises'
import net from 'node:net'
import { onAbort, unlessAborted } from '../base/abort.ts'
import { errorWithCode } from '../base/system-error.ts'

/** One address of a name, and why no connection to it could be opened. */
export interface AddressReport {
  readonly address: string
  /** Absent: the address accepts connections. */
  readonly error?: Error
}

/** More addresses than any host has; a resolver may return thousands. */
const MOST_ADDRESSES = 16

/**
 * Opens a TCP connection to each address of a name at once, and closes it. A client stops at the first one that works, so
 * nobody else notices an address that doesn't.
 *
 * @param signal - ends the attempts: an address without an answer then has the error ETIMEDOUT
 * @throws the error of the name resolution, or the reason of the signal
 */
export async function reachAddresses(host: string, port: number, signal: AbortSignal): Promise<AddressReport[]> {
  const found = await unlessAborted(lookup(host, { all: true }), signal)
  const addresses = [...new Set(found.map(({ address }) => address))].slice(0, MOST_ADDRESSES)
  return Promise.all(addresses.map((address) => reach(address, port, signal)))
}

function reach(address: string, port: number, signal: AbortSignal): Promise<AddressReport> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port })
    const settle = (error?: Error): void => {
      forget()
      socket.destroy()
      resolve({ address, ...(error && { error }) })
    }
    socket.on('connect', () => settle()).on('error', settle)
    const forget = onAbort(signal, () => settle(errorWithCode('ETIMEDOUT', 'no answer in time')))
  })
}
