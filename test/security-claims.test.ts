import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { CLAIMS, type Claim } from './support/security-claims.ts'

const ROOT = new URL('..', import.meta.url)

/** The sections of SECURITY.md that make promises. */
const SECTIONS = ['Who is trusted with what', 'What is guaranteed', 'Supply chain'] as const

interface Paragraph {
  readonly text: string
  readonly sentences: number
}

/** The paragraphs, list items and table rows of a section. */
function paragraphsOf(page: string, section: string): Paragraph[] {
  const body = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  const texts = body
    .replaceAll(/^#.*$/gm, '')
    .split(/\n\n+|\n(?=- |\| )/)
    .map((text) => text.trim().replaceAll(/\s+/g, ' '))
    .filter((text) => text !== '' && !/^\| *(?:party|-)/.test(text))
  return texts.map((text) => ({ text: text.replace(/^(?:- |\| )/, ''), sentences: countSentences(text) }))
}

/** A sentence that is added to a paragraph is a claim, too. */
function countSentences(text: string): number {
  return text
    .replaceAll(/`[^`]*`/g, 'x')
    .split(/[.:](?=\*{0,2} |\*{0,2}$)/)
    .filter((part) => /\w/.test(part)).length
}

const plain = (text: string): string => text.replaceAll(/[*`[\]]/g, '')

const claimsOf = ({ text }: Paragraph): Claim[] => CLAIMS.filter(({ begins }) => plain(text).startsWith(begins))

/** The titles of the tests and suites in a file. */
async function titlesIn(file: string): Promise<string[]> {
  const text = await readFile(new URL(`test/${file}`, ROOT), 'utf8')
  const calls = text.matchAll(/\b(?:test|describe)\(\s*(?:`([^`]*)`|'((?:[^'\\]|\\.)*)'|"([^"]*)")/g)
  return Array.from(calls, ([, template, single, double]) => template ?? single ?? double ?? '')
}

describe('what SECURITY.md claims', async () => {
  const page = await readFile(new URL('SECURITY.md', ROOT), 'utf8')
  const paragraphs = SECTIONS.flatMap((section) => paragraphsOf(page, section))

  for (const paragraph of paragraphs) {
    const [claim, ...others] = claimsOf(paragraph)
    test(`has its tests: ${plain(paragraph.text).slice(0, 70)}`, async () => {
      assert.ok(claim, 'name its tests in test/support/security-claims.ts')
      assert.deepEqual(others, [])
      assert.equal(paragraph.sentences, claim.sentences, 'name the tests of what is new in it, and count its sentences')
      assert.ok(claim.tests.length > 0)
      for (const [file, ...titles] of claim.tests) {
        const found = await titlesIn(file)
        for (const title of titles)
          assert.ok(
            found.some((one) => one.includes(title)),
            `${file} has no test "${title}"`,
          )
      }
    })
  }

  test('is all that has tests', () => {
    const unused = CLAIMS.filter(({ begins }) => !paragraphs.some(({ text }) => plain(text).startsWith(begins)))
    assert.deepEqual(unused, [])
  })
})

/** The files of lib/ whose code, without comments, fits a pattern. */
async function having(pattern: RegExp): Promise<string[]> {
  const files = (await readdir(new URL('lib/', ROOT), { recursive: true })).filter((file) => file.endsWith('.ts'))
  const texts = await Promise.all(files.map((file) => readFile(new URL(`lib/${file}`, ROOT), 'utf8')))
  const code = texts.map((text) => text.replaceAll(/\/\*.*?\*\/|^ *\/\/[^\n]*$/gms, ''))
  return files.filter((_, index) => pattern.test(code[index] ?? '')).toSorted()
}

test('only the probe opens a connection without verifying its peer', async () => {
  assert.deepEqual(await having(/\btls\.connect\(|\bhttps\.(?:request|get)\(|http2\.connect\(/), [
    // Over a stream of a socket on this host.
    'gateway/grpc/serve.ts',
    'probe/handshake.ts',
    'transport/tls.ts',
  ])
  assert.deepEqual(await having(/rejectUnauthorized: (?!true)\w+,?|rejectUnauthorized: false/), [
    'endpoint/option-hint.ts',
    'probe/offers.ts',
    'probe/server.ts',
  ])
})

test('only one door opens foreign public keys', async () => {
  // Node 20 and 22 abort in these two for the point at infinity.
  assert.deepEqual(await having(/asymmetricKeyDetails|format: 'jwk'/), [])
  assert.deepEqual(await having(/\bcreatePublicKey\(/), ['identity/public-key.ts'])
  // It leaves an error behind, by which Node ends the next TLS connection: isSameKey() compares.
  assert.deepEqual(await having(/Key(?:Of\(.*\))?\.equals\(/), [])
  // Nor does the property `publicKey` of a certificate: in these files, it belongs to a key or a request of ours.
  assert.deepEqual(await having(/\.publicKey\b|\{[^{}()]*\bpublicKey\b[^{}()]*\}\s*[=:]/), OWN_PUBLIC_KEYS)
  assert.deepEqual(await having(/toLegacyObject\(|getPeerCertificate\(|\.verify\((?!publicKeyOf)/), [])
})

const OWN_PUBLIC_KEYS = [
  'gateway/renewal/renewals.ts',
  'keystore/client/answer.ts',
  'pki/extensions.ts',
  'pki/issuer.ts',
  'pki/key-type.ts',
  'pki/request.ts',
  'pki/sign-request.ts',
  'pki/sign.ts',
]
