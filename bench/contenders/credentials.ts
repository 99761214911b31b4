import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The connection settings that a program without a Docker client reads from the environment itself. */
export interface Credentials {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export async function readCredentials(): Promise<Credentials> {
  const { hostname, port } = new URL(process.env['DOCKER_HOST'] ?? '')
  const folder = process.env['DOCKER_CERT_PATH'] ?? ''
  const [ca = '', cert = '', key = ''] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(folder, name), 'utf8')),
  )
  return { host: hostname, port: Number(port), ca, cert, key }
}
