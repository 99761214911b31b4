/**
 * Simulates a daemon with many containers. It answers `/_ping`, and every other request with a list of as many containers
 * as its parent has sent it. Arguments: FOLDER (with ca.pem, server-cert.pem, server-key.pem).
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const [, , folder = ''] = process.argv
const read = (name: string): Buffer => readFileSync(join(folder, name))

/** A container of a busy host: 5.6 KB, most of it labels and mounts. */
function container(index: number): object {
  const id = index.toString(16).padStart(64, '0')
  const network = { IPAMConfig: null, Links: null, Aliases: null, NetworkID: id, EndpointID: id, Gateway: '172.17.0.1' }
  return {
    Id: id,
    Names: [`/service-${index}`],
    Image: 'registry.example.com/team/service:1.0',
    ImageID: `sha256:${id}`,
    Command: '/bin/service --config /etc/service.yaml',
    Created: 1_760_000_000 + index,
    Ports: Array.from({ length: 4 }, (_, port) => ({
      IP: '0.0.0.0',
      PrivatePort: port,
      PublicPort: port,
      Type: 'tcp',
    })),
    Labels: Object.fromEntries(Array.from({ length: 40 }, (_, label) => [`com.example.label.${label}`, id])),
    State: 'running',
    Status: 'Up 2 hours',
    HostConfig: { NetworkMode: 'default' },
    NetworkSettings: { Networks: { bridge: network } },
    Mounts: Array.from({ length: 6 }, (_, mount) => ({
      Type: 'volume',
      Name: id,
      Source: `/var/lib/docker/volumes/${id}/_data`,
      Destination: `/data/${mount}`,
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    })),
  }
}

let list = Buffer.from('[]')
process.on('message', (count: number) => {
  list = Buffer.from(JSON.stringify(Array.from({ length: count }, (_, index) => container(index))))
  process.send?.({ bytes: list.length })
})

const server = createServer(
  {
    ca: read('ca.pem'),
    cert: read('server-cert.pem'),
    key: read('server-key.pem'),
    requestCert: true,
    rejectUnauthorized: true,
  },
  ({ url = '' }, response) => {
    response.setHeader('api-version', '1.45').setHeader('content-type', 'application/json')
    response.end(url.endsWith('/_ping') ? 'OK' : list)
  },
)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
