import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** What of a test's context is needed here: `test('...', async (t) => ... temporaryFolder(t))`. */
export interface Cleanable {
  after(cleanup: () => Promise<void>): void
}

/**
 * A folder of its own (0700) that goes when the test ends, however it ends.
 *
 * @param t - the test; without one the folder lasts as long as the surrounding suite or file
 */
export async function temporaryFolder(t: Cleanable = { after }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mtls-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
