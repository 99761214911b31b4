import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderSentence } from '../../lib/base/sentence.ts'
import { apiError } from '../../lib/engine/api-error.ts'
import { gatewayRemedy } from '../../lib/engine/gateway-refusals.ts'
import { REFUSALS, refusalsOf } from '../../lib/engine/refusals.ts'
import { explainRefusal } from '../../lib/engine/images/registry-refusal.ts'
import {
  AuthorizationDeniedError,
  BadRequestError,
  ConflictError,
  DockerApiError,
  NotFoundError,
  ServerError,
  UnauthorizedError,
} from '../../lib/index.ts'
import { startCpuWatch } from '../support/watch.ts'
import { loadOperations } from './support/operations.ts'

const answer = (status: number, message: string): DockerApiError =>
  apiError(status, { method: 'POST', path: '/containers/x/start' }, Buffer.from(JSON.stringify({ message })))

const noRoute = (path: string, status = 404): string =>
  apiError(status, { method: 'GET', path }, Buffer.from('{"message":"page not found"}')).todo

/** Those whose refusals have patterns. */
const OPERATIONS = (await loadOperations()).map(({ name }) => name)

/** runc's words come behind those of everybody that it was asked by. */
const OCI =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: '

const ROWS: readonly [status: number, message: string, ErrorClass: typeof DockerApiError, todo: RegExp][] = [
  [404, 'No such image: ghcr.io/me/app:1', NotFoundError, /docker\.images\.pull\('ghcr\.io\/me\/app:1'\).*'missing'/],
  [404, 'No such container: web', NotFoundError, /Check the id or name/],
  [
    400,
    `${OCI}exec: "/no": stat /no: no such file or directory: unknown`,
    BadRequestError,
    /an executable file in the container/,
  ],
  [
    400,
    `${OCI}exec: "no": executable file not found in $PATH: unknown`,
    BadRequestError,
    /an executable file in the container/,
  ],
  [500, `${OCI}exec: "/etc": is a directory: unknown`, ServerError, /an executable file in the container/],
  [
    500,
    `${OCI}unable to find user me: no matching entries in passwd file`,
    ServerError,
    /^Correct the user: the container has no user me\./,
  ],
  [
    500,
    `${OCI}chdir to cwd ("/x") set in config.json failed: permission denied`,
    ServerError,
    /^Correct WorkingDir: \/x must be a folder/,
  ],
  [
    500,
    'crun: executable file `no` not found in $PATH: No such file or directory',
    ServerError,
    /an executable file in the container/,
  ],
  [500, `${OCI}error mounting "/a" to rootfs at "/b": not a directory`, ServerError, /journalctl/],
  [500, 'driver failed: Bind for 0.0.0.0:80 failed: port is already allocated', ServerError, /HostPort/],
  [500, 'listen tcp4 0.0.0.0:80: bind: address already in use', ServerError, /HostPort/],
  [409, 'Conflict. The container name "/web" is already in use', ConflictError, /a name in use/],
  [500, 'rpc error: code = Unknown desc = update out of sequence', ConflictError, /Inspect it again/],
  [409, 'update out of sequence', ConflictError, /a name in use/],
  [
    409,
    'container 0123abcd is not running',
    ConflictError,
    /^Start the container first:  docker\.containers\.start\('0123abcd'\)/,
  ],
  [409, 'Container 0123abcd is restarting, wait until the container is running', ConflictError, /^Wait until/],
  [409, 'cannot join network of a non running container: web', ConflictError, /a name in use/],
  [409, `Error: Exec command ${'0'.repeat(64)} is already running`, ConflictError, /exec\.create/],
  // Docker 28.
  [409, `exec command ${'0'.repeat(64)} has already run`, ConflictError, /exec\.create/],
  [404, 'Could not find the file /no/such in container web', NotFoundError, /^Correct the path \/no\/such:/],
  [404, 'page not found', NotFoundError, /^Correct the path\. .* newer API version/],
  [
    500,
    'invalid reference format: repository name (library/App) must be lowercase',
    ServerError,
    /^Write the name in lower case:  app$/,
  ],
  [
    400,
    'invalid reference format: repository name must be lowercase',
    BadRequestError,
    /^Write the name in lower case\.$/,
  ],
  [500, 'invalid reference format', ServerError, /^Correct the name of the image\. .*app:1\.2$/],
  [400, 'invalid tag format', BadRequestError, /^Correct the tag: /],
  [
    500,
    'error gathering device information while adding custom device "/dev/nope": no such file or directory',
    ServerError,
    /^Correct HostConfig\.Devices: \/dev\/nope must be a device/,
  ],
  [
    500,
    'could not select device driver "" with capabilities: [[gpu]]',
    ServerError,
    /^Install the driver.*DeviceRequests/,
  ],
  [
    404,
    'create q: error looking up volume plugin nope: plugin "nope" not found',
    NotFoundError,
    /^Correct the name of the driver, .*plugins\.pull\('nope', \[\]\)/,
  ],
  [500, `${OCI}wrong rlimit value: RLIMIT_NOPE: unknown`, ServerError, /^Correct HostConfig\.Ulimits: .* nope\./],
  [500, 'Decoding seccomp profile failed: invalid character', ServerError, /^Correct HostConfig\.SecurityOpt/],
  [401, 'swarm could not be unlocked: invalid key provided', UnauthorizedError, /swarm\.unlockKey/],
  [500, 'login attempt to https://x/v2/ failed with status: 401 Unauthorized', UnauthorizedError, /password/],
  [400, 'client version 9.9 is too new. Maximum supported API version is 1.45', BadRequestError, /apiVersion/],
  [500, 'client version 9.9 is too new', ServerError, /journalctl/],
  [403, 'authorization denied by plugin casbin: no', AuthorizationDeniedError, /authorization plugin/],
  [
    403,
    'authorization denied by plugin docker-mtls: the rule ci (restricted) refuses this: HostConfig.Binds: it shows / (HOST_PATH)',
    AuthorizationDeniedError,
    /a rule that allows it, in the policy of its authorization plugin/,
  ],
  [
    403,
    'authorization denied by plugin docker-mtls: the rule ci (restricted) refuses this: HostConfig.Privileged: it is true (PRIVILEGED)',
    AuthorizationDeniedError,
    /a rule that allows it, in the policy of its authorization plugin/,
  ],
  [403, 'authorization denied by plugin x: no (really)', AuthorizationDeniedError, /client certificate's common name/],
  [500, 'no space left on device', ServerError, /journalctl/],
  [418, 'a teapot', DockerApiError, /journalctl/],
]

test('a refusal by the limits of a gateway has a remedy, which is not in the log of the daemon', () => {
  for (const [status, reason, remedy] of [
    [400, 'MALFORMED_REQUEST', /Docker clients/],
    [408, 'REQUEST_TIMEOUT', /network to the gateway/],
    [413, 'BODY_TOO_LARGE', /Send less/],
    [429, 'TOO_MANY_REQUESTS', /fewer requests/],
    [431, 'HEAD_TOO_LARGE', /query and the header fields/],
  ] as const)
    assert.match(renderSentence(gatewayRemedy(status, reason) ?? ''), remedy, reason)
})

describe('what the daemon says', () => {
  for (const [status, message, ErrorClass, todo] of ROWS) {
    test(`${status} ${message}`, () => {
      const error = answer(status, message)
      assert.equal(error.constructor, ErrorClass)
      assert.match(error.todo, todo)
      assert.deepEqual([error.status, error.daemonMessage, error.path], [status, message, '/containers/x/start'])
    })
  }

  test('about a container that is already in the requested state names it, and the state', () => {
    const rows = [
      ['/containers/web/start', /^Container web is already running\./],
      ['/containers/web/stop', /^Container web is already stopped\./],
      ['/volumes/web', /^The object is already in the requested state/],
    ] as const
    for (const [path, todo] of rows) assert.match(apiError(304, { method: 'POST', path }, Buffer.alloc(0)).todo, todo)
    assert.match(answer(409, 'no').todo, /conflict/, 'of another status, nothing is known')
  })

  test('about a version in the path, which docker-mtls adds itself', () => {
    assert.match(noRoute('/v1.45/info'), /^Omit \/v1\.45 from the path: /)
    assert.match(noRoute('/v2/info?all=1'), /^Omit \/v2 from the path: /)
    assert.match(noRoute('/volumes/v1.45'), /newer API version/)
    assert.match(noRoute('/v1.45/info', 500), /journalctl/)
  })

  test('in one operation has a remedy of its own, and elsewhere the general one', () => {
    const rows: readonly [operation: string, status: number, message: string, todo: RegExp][] = [
      ['containers.remove', 409, 'You cannot remove a running container 0123. Stop the container', /'web', \{ force/],
      ['containers.remove', 409, 'removal of container web is already in progress', /wait\('web', \{ condition/],
      ['images.remove', 409, 'conflict: unable to delete 1 (cannot be forced) - container 2f is using', /remove\('2f'/],
      ['images.remove', 409, '(cannot be forced) - image has dependent child images', /^Remove the images that/],
      ['networks.prune', 409, 'a prune operation is already running', /^Wait until the other prune/],
      ['volumes.create', 409, 'a volume named x already exists with the local driver', /^Choose another name/],
      ['plugins.remove', 409, 'plugin x is in use', /plugins\.remove\('web', \{ force: true \}\)/],
      ['images.load', 500, 'open /x/docker-import-1/bin/json: no such file or directory', /docker\.images\.import\(\)/],
      ['images.load', 500, 'unexpected EOF', /^Pass a complete tar, as docker\.images\.save/],
      ['images.import', 500, 'archive/tar: invalid tar header', /^Pass a complete tar of a file system/],
      ['images.import', 500, 'Get "http://h/x": dial tcp 127.0.0.1:1: connection refused', /^Correct the URL/],
      ['images.build', 500, 'Cannot locate specified Dockerfile: x', /^Correct the option dockerfile/],
      ['images.build', 500, 'network mode "x" not supported by buildkit', /builder: 'classic'/],
      ['containers.archive.put', 500, 'unexpected EOF', /^Pass a complete tar\. .*copyTo/],
      ['plugins.create', 500, 'failed to read from tar: unexpected EOF', /config\.json/],
      ['containers.start', 404, 'network x not found', /networks\.create\(\{ Name: 'x' \}\)/],
      ['networks.remove', 400, 'network x is in use by service y', /docker\.services\.remove/],
      ['containers.start', 409, 'cannot join network of a non running container: 2f', /start\('2f'\)/],
      // Docker 28.
      [
        'containers.start',
        409,
        'cannot join network namespace of a non running container: container db is exited',
        /start\('db'\)/,
      ],
      [
        'containers.create',
        404,
        'image with reference a:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
        /pull\('a:1', \{ platform: 'linux\/arm64' \}\)/,
      ],
      // Docker 27.5, and with images in containerd Docker 28.
      [
        'containers.create',
        404,
        'image with reference a:1 was found but its platform (linux/amd64) does not match the specified platform (linux/arm64/v8)',
        /pull\('a:1', \{ platform: 'linux\/arm64\/v8' \}\)/,
      ],
      [
        'containers.create',
        404,
        'image with reference a:1 was found but does not provide the specified platform (linux/arm64)',
        /pull\('a:1', \{ platform: 'linux\/arm64' \}\)/,
      ],
    ]
    for (const [operation, status, message, todo] of rows) {
      const body = Buffer.from(JSON.stringify({ message }))
      const request = { method: 'POST', path: '/x' }
      assert.match(apiError(status, request, body, refusalsOf(operation, ['web'])).todo, todo)
      for (const other of ['containers.top', 'constructor'])
        assert.match(
          apiError(status, request, body, refusalsOf(other, ['web'])).todo,
          /conflict|parameter|journalctl|Check the id/,
        )
    }
    assert.deepEqual(
      Object.keys(REFUSALS).filter((operation) => !OPERATIONS.includes(operation)),
      [],
    )
    const denied = Buffer.from('authorization denied by plugin x: has active endpoints')
    const error = apiError(403, { method: 'DELETE', path: '/x' }, denied, refusalsOf('networks.remove', ['x']))
    assert.match(error.todo, /authorization plugin/)
  })

  test('is read once, however long it is', () => {
    const pieces = [
      'exec: "',
      'executable file ',
      'manifest for ',
      'No such image: ',
      'login attempt to ',
      'a.: ',
      '"',
      'container ',
      'image with reference a was found but its platform (',
      '(must force) - ',
    ]
    for (const piece of pieces) {
      const message = piece.repeat(1_000_000 / piece.length)
      const begun = startCpuWatch()
      for (const status of [400, 401, 403, 404, 500]) explainRefusal(answer(status, message), 'docker.io')
      for (const operation of OPERATIONS)
        for (const { wording } of refusalsOf(operation, ['x'])) wording?.pattern.test(message)
      const taken = begun()
      assert.ok(taken < 2000, `${JSON.stringify(piece)} took ${taken} ms`)
    }
  })
})
