import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from '../../support/temporary.ts'
import { runProcess, type Ran } from './run-cli.ts'

/** An empty working directory and an empty home folder. */
export interface Place {
  readonly cwd: string
  readonly home: string
  /** Runs docker-mtls there. */
  readonly run: (argv: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>
}

export async function newPlace(t: TestContext): Promise<Place> {
  const root = await temporaryFolder(t)
  const [cwd, home] = [join(root, 'project'), join(root, 'home')]
  for (const folder of [cwd, home]) await mkdir(folder)
  return { cwd, home, run: (argv, env = {}) => runProcess(argv, { cwd, env: { HOME: home, ...env } }) }
}
