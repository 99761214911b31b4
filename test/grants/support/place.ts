import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { grant, type GrantReport } from '../../../lib/grants/grant.ts'
import { PkiFolder } from '../../../lib/keystore/folder.ts'
import { parsePolicy, type Level } from '../../../lib/policy.ts'
import { runCli, type Ran } from '../../cli/support/run-cli.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'

export const POLICY = `# Ours.
version: 1
rules:
  # Ann looks.
  - name: ann
    who: { commonName: ann }
    level: read-only
`

export interface Place {
  readonly root: string
  readonly folder: string
  readonly policy: string
  readonly give: (name: string, lifetime?: number, level?: Level) => Promise<GrantReport>
  readonly rules: () => Promise<string[]>
  readonly run: (...words: string[]) => Promise<Ran>
}

/** A folder with a CA, the server localhost and the client ann, and a policy. */
export async function place(t: Cleanable): Promise<Place> {
  const root = await temporaryFolder(t)
  const [folder, policy] = [join(root, 'keys'), join(root, 'policy.yaml')]
  const pki = new PkiFolder(folder)
  await pki.ensureAuthority()
  await pki.ensureServer(['localhost'])
  await pki.ensureClient('ann')
  await writeFile(policy, POLICY)
  return {
    root,
    folder,
    policy,
    give: (name, lifetime = 3_600_000, level = 'baseline') =>
      grant({ folder, name, policy, lifetime, level, hostPaths: [] }),
    rules: async () => parsePolicy(await readFile(policy, 'utf8'), 'p').rules.map(({ name }) => name),
    run: (...words) => runCli(['grant', ...words, '--policy', policy, '--dir', folder]),
  }
}

/** The only operations that a rule allows. */
export async function allowedBy(policy: string, rule: string): Promise<readonly string[] | undefined> {
  const { rules } = parsePolicy(await readFile(policy, 'utf8'), policy)
  return rules.find(({ name }) => name === rule)?.only.operations
}
