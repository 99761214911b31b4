import { oneDayClientFolder } from '../../keystore/layout.ts'
import { isOneDayClient, removeExpiredOneDayClient, removeOneDayClient } from '../../keystore/one-day-client.ts'
import type { Context } from '../command.ts'
import { command, type CommandPart, sentence } from '../../base/sentence.ts'

/** The test succeeded: its one-day client certificate is deleted. */
export async function endProbe(folder: string, context: Context): Promise<void> {
  const end = await removeOneDayClient(folder)
  if (end === 'foreign') context.warn(FOREIGN)
  if (end === 'stuck')
    context.warn(
      sentence`The one-day client certificate can't be deleted. Delete it, because a client's key doesn't belong on a server:  ${rm(folder)}`,
    )
}

const FOREIGN =
  "The tested client certificate isn't a one-day certificate, so it stays. Remove it, because a client's key doesn't belong on a server."

/** The apply failed and may be repeated. A certificate that isn't ours is never mentioned for deletion. */
export async function keepProbe(folder: string, context: Context): Promise<void> {
  if (!(await isOneDayClient(folder))) return
  context.warn(
    sentence`The one-day client certificate stays in ${folder} for the next attempt. If you don't try again, delete it:  ${rm(folder)}`,
  )
}

/** Deletes an expired one-day client certificate beside the server's files: its test never ran. */
export async function dropExpiredProbe(server: string): Promise<void> {
  await removeExpiredOneDayClient(oneDayClientFolder(server))
}

function rm(folder: string): CommandPart {
  return command('rm', '-r', folder)
}
