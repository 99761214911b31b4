import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from './refusal.ts'
import { run } from './run.ts'
import type { Manifest } from './version.ts'

/** Installs the tarball in a project of its own, runs its commands, and imports each entry point. */
export async function checkInstall(tarball: string, manifest: Manifest, folder: string): Promise<number> {
  const project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  const install = ['npm', 'install', '--ignore-scripts', '--no-audit', '--prefer-offline', tarball]
  await run(install, { cwd: project }, 'Find out why the package of this commit cannot be installed.')
  await checkCommands(project, manifest)
  const entries = Object.keys(manifest.exports).map((entry) => entry.replace(/^\./, manifest.name))
  for (const entry of entries) await checkEntry(project, entry)
  return entries.length
}

async function checkCommands(project: string, { bin, version }: Manifest): Promise<void> {
  for (const name of Object.keys(bin)) {
    const command = [join(project, 'node_modules/.bin', name), '--version']
    const said = (await run(command, { cwd: project }, `Find out why the command ${name} fails.`)).trim()
    if (said === version) continue
    throw new Refusal(
      `${name} --version prints ${said}, not ${version}.`,
      'Find out where the command reads its version.',
    )
  }
}

async function checkEntry(project: string, entry: string): Promise<void> {
  const attributes = entry.endsWith('.json') ? `, { with: { type: 'json' } }` : ''
  const name = JSON.stringify(entry)
  const program = `const names = Object.keys(await import(${name}${attributes}))
    if (names.length === 0) throw new Error(${name} + ' exports nothing')
    ;(await import('node:module')).createRequire(import.meta.url)(${name})`
  const command = [process.execPath, '--no-warnings', '--input-type=module', '--eval', program]
  await run(command, { cwd: project }, `Correct the entry point ${entry}, or its line in "exports" of package.json.`)
}
