import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256 } from './archive.ts'
import type { Bom } from './sbom.ts'

export interface Artifacts {
  readonly tarball: string
  readonly bom: Bom
  /** The section of CHANGELOG.md. */
  readonly notes: string
}

/** Writes the tarball, its SBOM, their checksums and the release note to a folder that is emptied before. */
export async function writeArtifacts(folder: string, { tarball, bom, notes }: Artifacts): Promise<string[]> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const name = basename(tarball)
  const document = name.replace(/\.tgz$/, '.cdx.json')
  await copyFile(tarball, join(folder, name))
  await writeFile(join(folder, document), `${JSON.stringify(bom, undefined, 2)}\n`)
  await writeFile(join(folder, 'NOTES.md'), `${notes}\n`)
  const sums = [name, document].map(async (one) => `${await sha256(join(folder, one))}  ${one}\n`)
  await writeFile(join(folder, 'SHA256SUMS'), (await Promise.all(sums)).join(''))
  return [name, document, 'SHA256SUMS', 'NOTES.md']
}
