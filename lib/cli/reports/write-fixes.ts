import { join } from 'node:path'
import { proposeSettings } from '../../audit/fix/propose.ts'
import { renderHardened } from '../../audit/harden/formats/render.ts'
import type { HardenedContainer } from '../../audit/harden/plan.ts'
import type { AuditReport } from '../../audit/report.ts'
import { KEY_MODE, makeFolder } from '../../base/files.ts'
import { planFile, putFile, type FileResult } from '../../base/rendered-file.ts'
import { printable } from '../../base/text.ts'
import type { Context } from '../command.ts'
import { readInput } from '../inputs/input-file.ts'
import type { FailedTarget } from './audit.ts'
import { daemonFiles, fixText, type FixFile } from './fix.ts'

/** A report, with the hardened requests for its failing containers. A replay has none. */
export type AuditedWithFixes = AuditReport & {
  readonly hardened?: readonly HardenedContainer[]
  /** Has the host a gateway? */
  readonly hasGateway?: boolean
}

/** Where proposals go, and the daemon.json of the host, if the user has a copy of it. */
export interface FixPlace {
  readonly dir: string
  readonly daemonJson: string | undefined
}

/** Writes the proposals of all daemons, each into a folder of its own if there are several, and says what they are. */
export async function writeFixes(
  all: readonly (AuditedWithFixes | FailedTarget)[],
  { dir, daemonJson }: FixPlace,
  context: Context,
): Promise<void> {
  const input = { what: 'daemon.json' }
  const before = daemonJson === undefined ? undefined : await readInput(daemonJson, context.io, input)
  const reports = all.flatMap((one) => ('findings' in one ? [one] : []))
  for (const [index, report] of reports.entries()) {
    const folder = reports.length === 1 ? dir : join(dir, `${index + 1}-${fileName(report.target)}`)
    const proposal = proposeSettings(report, report.hasGateway)
    const files = [
      ...(await daemonFiles(proposal, before?.toString('utf8'))),
      ...(report.hardened ?? []).map(containerFile),
    ]
    await makeFolder(folder)
    // A command line in a request may hold a secret.
    const planned = await Promise.all(files.map(({ name, text }) => planFile(join(folder, name), text, KEY_MODE)))
    const written: FileResult[] = []
    for (const file of planned) written.push(await putFile(file, true))
    context.say(fixText(report.target, proposal, { folder, files }, context))
    for (const { path, keptAside } of written) {
      for (const old of keptAside) context.say(`${printable(path)} had other contents: they are in ${printable(old)}.`)
    }
  }
}

function containerFile(container: HardenedContainer): FixFile {
  const { id, name } = container
  // The id tells apart names that are the same once they are safe.
  const safe = fileName(name) === name ? name : `${fileName(name)}-${fileName(id).slice(0, 12)}`
  return { name: `${safe}.create.json`, text: renderHardened(container, 'api') }
}

/** A daemon may say anything: no name leaves its folder, or is hidden in it. */
function fileName(text: string): string {
  return text
    .replace(/[^\w.-]/g, '_')
    .replace(/^[.-]/, '_')
    .slice(0, 100)
}
