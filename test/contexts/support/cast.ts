import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority, issueClient } from '../../../lib/pki.ts'

/** The three files of a client, as text. */
export interface Pem {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export async function makeClientPem(name: string): Promise<Pem> {
  const { ca, cert, key } = await issueClient(await createAuthority(), { name })
  return { ca, cert, key }
}

/** Writes them as a folder that DOCKER_CERT_PATH could name. */
export async function writePem(folder: string, { ca, cert, key }: Pem): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const [part, text] of Object.entries({ ca, cert, key })) {
    await writeFile(join(folder, `${part}.pem`), text, { mode: 0o600 })
  }
  return folder
}

/** A context's metadata as the Docker CLI writes them. */
export function metaText(name: string, host: string, more: object = {}): string {
  return JSON.stringify({
    Name: name,
    Metadata: {},
    Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
    ...more,
  })
}
