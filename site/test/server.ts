import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

export interface Served {
  /** The address of the folder, with a slash at its end. */
  readonly address: string
  readonly close: () => void
}

/** Serves a folder below a path, as GitHub Pages does. */
export async function serve(folder: string, prefix: string): Promise<Served> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://here')
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const file = join(folder, normalize(decodeURIComponent(path).slice(prefix.length)))
    const read = path.startsWith(prefix) ? readFile(file) : Promise.reject(new Error('outside'))
    read.then(
      (bytes) => response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }).end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}${prefix}`, close: () => void server.close() }
}
