import { promises as fs } from 'node:fs'

/** The absolute path of the script that this process runs, by which it can be started again from anywhere. */
export function scriptPath(): Promise<string> {
  return fs.realpath(process.argv[1] ?? '')
}
