import { createHmac, hash, randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { integer, nothing, octetString, oid, sequence, type Asn1 } from './der.ts'
import { ROUNDS } from './pbes2.ts'

const SHA256 = '2.16.840.1.101.3.4.2.1'

/** A block of SHA-256, in bytes. */
const BLOCK = 64

/** The purpose of the key that is derived (RFC 7292 appendix B.3). */
const FOR_MAC = 3

/** Rounds in one piece: some 20 ms, for which the rest of the process has to wait. */
const SLICE = 20_000

/**
 * MacData ::= SEQUENCE { mac DigestInfo, macSalt, iterations } (RFC 7292 section 4): with HMAC-SHA-256, and as many rounds
 * as the encryption, because an attacker guesses the passphrase with the cheaper one.
 */
export async function macData(content: Uint8Array, passphrase: string): Promise<Asn1> {
  const salt = randomBytes(16)
  const key = await deriveMacKey(passphrase, salt, ROUNDS)
  const digest = createHmac('sha256', key).update(content).digest()
  const info = sequence(sequence(oid(SHA256), nothing()), octetString(digest))
  return sequence(info, octetString(salt), integer(ROUNDS))
}

/**
 * The key derivation of PKCS#12 (RFC 7292 appendix B.2). The key is as long as one block of SHA-256, so the last steps,
 * which are for more blocks, are omitted.
 */
export async function deriveMacKey(passphrase: string, salt: Uint8Array, rounds: number): Promise<Buffer> {
  const start = Buffer.concat([Buffer.alloc(BLOCK, FOR_MAC), filled(salt), filled(bmp(passphrase))])
  let key = sha256(start)
  for (let round = 1; round < rounds; round++) {
    key = sha256(key)
    // oxlint-disable-next-line no-await-in-loop -- each round needs the one before
    if (round % SLICE === 0) await nextTurn()
  }
  return key
}

/** Not by createHash(): an object for each round takes twice the CPU time, most of it to collect them. */
function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}

/** Repeated up to a whole number of blocks. */
function filled(bytes: Uint8Array): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / BLOCK) * BLOCK, bytes)
}

/** Big-endian UTF-16, followed by two zero bytes (appendix B.1). */
function bmp(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le').swap16()
}
