import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a program without a Docker client reads from the environment by itself. */
export interface Material {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export async function readMaterial(): Promise<Material> {
  const { hostname, port } = new URL(process.env['DOCKER_HOST'] ?? '')
  const folder = process.env['DOCKER_CERT_PATH'] ?? ''
  const [ca = '', cert = '', key = ''] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(folder, name), 'utf8')),
  )
  return { host: hostname, port: Number(port), ca, cert, key }
}
