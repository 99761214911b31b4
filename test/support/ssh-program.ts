import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder, type Cleanable } from './temporary.ts'

/** Makes a folder with a program `ssh` the whole PATH of this process, while the test runs. */
export async function withSsh(t: Cleanable, script: string): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'ssh'), script)
  await chmod(join(folder, 'ssh'), 0o755)
  withPath(t, folder)
  return folder
}

export function withPath(t: Cleanable, path: string): void {
  const before = process.env['PATH']
  process.env['PATH'] = path
  t.after(async () => void (process.env['PATH'] = before))
}
