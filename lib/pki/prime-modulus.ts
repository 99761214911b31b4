import type { KeyObject } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { modulusOf } from '../identity/public-key.ts'

export const PRIME_MODULUS = 'its RSA modulus is a prime, so anybody can compute the private key'

/** Whoever signs a request asks this. It takes 10 ms for 2048 bits, and 0.4 s for 8192; others run in between. */
export async function hasPrimeModulus(key: KeyObject): Promise<boolean> {
  const modulus = modulusOf(key)
  return modulus !== undefined && mayBePrime(modulus)
}

/** Fermat's test to the base 2, which every prime passes. OpenSSL's own tests take 14 s to be sure of a prime of 8192 bits. */
async function mayBePrime(odd: bigint): Promise<boolean> {
  let power = 1n
  for (const [index, bit] of (odd - 1n).toString(2).split('').entries()) {
    if (index % BITS_AT_ONCE === 0) await setImmediate()
    power = (power * power) % odd
    if (bit === '1') power = (power * 2n) % odd
  }
  return power === 1n
}

const BITS_AT_ONCE = 64
