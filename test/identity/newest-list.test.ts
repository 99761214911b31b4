import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { X509Certificate } from 'node:crypto'
import { newestList, type RevocationList } from '../../lib/identity/crl.ts'

const listOf = (number: string | undefined, day: number): RevocationList =>
  ({ number, thisUpdate: new Date(Date.UTC(2026, 0, day)), isOf: () => true }) as unknown as RevocationList

test('the newest list of a CA is the same one in any order, also if one has no number', () => {
  const [five, none, three] = [listOf('05', 1), listOf(undefined, 2), listOf('03', 3)]
  for (const lists of [
    [five, none, three],
    [five, three, none],
    [none, five, three],
    [none, three, five],
    [three, five, none],
    [three, none, five],
  ]) {
    // List 3 is older than list 5, whatever its date; the other one is newer than list 5 by its date.
    assert.equal(newestList(lists, {} as X509Certificate), none)
  }
  assert.equal(newestList([three, five], {} as X509Certificate), five)
  assert.equal(newestList([], {} as X509Certificate), undefined)
})
