import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { follow, readGuide, type Authorities } from '../../support/guide.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { lacksMachine } from '../requirements.ts'
import { openOffice, packageTar, type Office, type Place } from './office.ts'

/** What the machines need to be for a guide, and what is looked at when it was followed. */
interface Followed {
  readonly guide: string
  /** The guides that are followed on the same machines after it. */
  readonly followedBy?: readonly string[]
  readonly places: readonly Place[]
  /** What was done before the guide begins. */
  readonly prepare?: (office: Office) => Promise<void>
  /** What happens before a section, by its title: the misfortune that it is about. */
  readonly beforehand?: Readonly<Record<string, (office: Office) => Promise<void>>>
  /** What must be true behind a section, by its title. */
  readonly afterwards: Readonly<Record<string, (office: Office) => Promise<void>>>
}

let tar: Buffer
before(async () => {
  if (lacksMachine() === false) tar = await packageTar(await temporaryFolder())
})

/** Follows a guide on machines: each section is a test. */
export function followed({ guide, followedBy = [], places, prepare, beforehand = {}, afterwards }: Followed): void {
  describe(`the guide ${guide}`, { skip: lacksMachine() }, () => {
    const guides = lacksMachine() === false ? [guide, ...followedBy] : []
    const sections = guides.flatMap((name) => readGuide(name).map((section) => ({ name, ...section })))
    const known: Authorities = new Map()
    let office: Office
    before(async () => {
      office = await openOffice(places, tar)
      await prepare?.(office)
    })
    after(() => office?.stop())

    for (const { name, title, blocks } of sections) {
      test(name === guide ? title : `${name}: ${title}`, async () => {
        await beforehand[title]?.(office)
        for (const block of blocks) await follow(name, block, known, (where, script) => office.run(where, script))
        await afterwards[title]?.(office)
      })
    }

    test('every check is behind a section that is there', () => {
      const titles = new Set(sections.map(({ title }) => title))
      assert.deepEqual(
        [...Object.keys(beforehand), ...Object.keys(afterwards)].filter((title) => !titles.has(title)),
        [],
      )
    })
  })
}

/** Does the daemon of a host let somebody in who trusts anybody? Asked at a machine, with the files of a folder there. */
export async function getsIn(office: Office, where: Place, host: string, folder: string): Promise<boolean> {
  const files = `--cert ${folder}/cert.pem --key ${folder}/key.pem`
  const { code, stdout } = await office.run(where, `curl -sSk --max-time 20 ${files} https://${host}:2376/version`)
  if (code === 0) {
    assert.match(stdout, /"ApiVersion"/)
    return true
  }
  assert.match(stdout, /alert (?:unknown ca|certificate required|bad certificate)/)
  return false
}

/** Nobody gets in without a certificate, and nobody in plaintext. */
export async function isClosed(office: Office, host: string): Promise<void> {
  const bare = await office.run('desk', `curl -sSk --max-time 20 https://${host}:2376/version`)
  assert.match(bare.stdout, /alert certificate required/)
  const plain = await office.run('desk', `curl -sS --max-time 20 http://${host}:2376/version`)
  assert.match(plain.stdout, /Client sent an HTTP request to an HTTPS server/)
}
