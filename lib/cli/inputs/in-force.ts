import { join } from 'node:path'
import { PUBLIC_MODE, writeFileAtomically } from '../../base/files.ts'
import { IN_FORCE_NAME, renderInForce } from '../../daemon-config/gateway-in-force.ts'
import type { FollowedFiles } from '../../gateway/files/follow.ts'
import type { Context } from '../command.ts'

/**
 * Lets the service of a gateway say which files are in force, in the folder that systemd has made for it. `gateway status` reads it.
 * Elsewhere it writes nothing. A gateway goes on if it can't.
 *
 * @returns a function for each change; it has written the first state itself
 */
export async function inForceWriter(followed: FollowedFiles, { io, warn }: Context): Promise<() => void> {
  const folder = io.env['RUNTIME_DIRECTORY']
  if (folder === undefined || folder === '') return () => undefined
  const path = join(folder, IN_FORCE_NAME)
  let last = Promise.resolve()
  const write = (): Promise<void> => {
    const text = renderInForce({ pid: process.pid, sums: followed.sums() })
    last = last
      .then(() => writeFileAtomically(path, text, { mode: PUBLIC_MODE }))
      .catch((error: unknown) => warn(`${path} can't be written: ${(error as Error).message}`))
    return last
  }
  await write()
  return () => void write()
}
