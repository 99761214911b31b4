import { isDeepStrictEqual } from 'node:util'
import { boundDetails } from '../../../lib/policy/details/bound.ts'
import { detailsOf } from '../../../lib/policy/details/details.ts'
import { isRead, readRequest } from '../../../lib/policy/reading/read.ts'
import type { PolicyRequest } from '../../../lib/policy/request.ts'
import { writeRequest } from '../../../lib/policy/writing.ts'
import { demand, REFUSED, type Target } from '../target.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

/** What is read is written in a way that is read as the same. */
function readTwice(request: PolicyRequest): unknown {
  const read = readRequest(request)
  if (!isRead(read)) return REFUSED
  const details = detailsOf(read)
  demand(JSON.stringify(details ?? {}).length < 20_000, 'a line of the log would be too long')
  demand(isDeepStrictEqual(boundDetails(details), details), 'bounding twice changes the details')
  const { method, target, body } = writeRequest(read)
  const written: PolicyRequest = {
    method,
    target,
    ...(body !== undefined && { body: Buffer.from(body), headers: JSON_TYPE }),
  }
  const again = readRequest(written)
  demand(isRead(again) && isDeepStrictEqual(again, read), `${target} ${body ?? ''} reads differently`)
}

function readBody(bytes: Buffer): unknown {
  return readTwice({ method: 'POST', target: '/containers/create', headers: JSON_TYPE, body: bytes })
}

function readTarget(bytes: Buffer): unknown {
  const target = bytes.toString('latin1')
  const read = readTwice({ method: 'GET', target })
  if (read === REFUSED) return REFUSED
  // Not by our own rules: others take it for the same path.
  const [path = ''] = target.split('?')
  const { pathname } = new URL(target, 'http://h')
  demand(decodeURIComponent(pathname) === decodeURIComponent(path), `${path} is ${pathname} for others`)
}

const BODIES = [
  '{"Image":"app","Cmd":"ls -l","HostConfig":{"Privileged":true,"Binds":["/:/h"],"Memory":9223372036854775807}}',
  '{"image":"app","hostconfig":{"Mounts":[{"Type":"volume","VolumeOptions":{"DriverConfig":{"Options":{"o":"bind"}}}}]}}',
  String.raw`{"Labels":{"a":"\u0041\ud83d\ude00","__proto__":null},"Ho\u017ftConfig":null}`,
]
const TARGETS = [
  '/v1.45/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%22%5D%7D',
  '/images/me%2Fapp:1/json?manifests=true',
  '/v1.51/images/get?names=a&names=b%2Fc',
  '/containers/web/logs?stdout=1&tail=all',
]

export const targets: readonly Target[] = [
  {
    name: 'policy-body',
    seeds: () => BODIES,
    words: [
      'HostConfig',
      'hostconfig',
      'Privileged',
      '\u017f',
      '\u212a',
      String.raw`\u017f`,
      '__proto__',
      'null',
      '1e3',
      String.raw`\ud800`,
    ],
    format: 'json',
    read: readBody,
  },
  {
    name: 'policy-target',
    seeds: () => TARGETS,
    words: ['%2f', '%2e%2e', '..', '//', '%25', '%00', ';', '&', 'v1.45', 'json', '+', '#'],
    read: readTarget,
  },
]
