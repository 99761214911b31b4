import { oneDayClientFolder } from '../../keystore/layout.ts'
import { isOneDayClient, removeExpiredOneDayClient, removeOneDayClient } from '../../keystore/one-day-client.ts'
import type { Context } from '../command.ts'
import { shellWord } from '../../base/shell-quote.ts'

/** The proof came about: what was made for it goes. */
export async function endProbe(folder: string, context: Context): Promise<void> {
  const end = await removeOneDayClient(folder)
  if (end === 'foreign') context.warn(FOREIGN)
  if (end === 'stuck')
    context.warn(
      `The identity that was tried can not be deleted, and a client's key does not belong on a server: ${rm(folder)}`,
    )
}

const FOREIGN =
  "The identity that was tried is no probe of a day, and stays: a client's key does not belong on a server. Take it away."

/** It did not, and may the next time. Nobody is told to delete what is his own. */
export async function keepProbe(folder: string, context: Context): Promise<void> {
  if (!(await isOneDayClient(folder))) return
  context.warn(
    `The identity that was to be tried is still in ${folder}, for the next try. Where there is none: ${rm(folder)}`,
  )
}

/** One of a proof that never came about, beside the server's files. */
export async function dropEndedProbe(server: string): Promise<void> {
  await removeExpiredOneDayClient(oneDayClientFolder(server))
}

function rm(folder: string): string {
  return ` rm -r ${shellWord(folder)}`
}
