import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, definePolicy, Facts, writeRequest, type Decision, type Json, type Need } from '../../lib/policy.ts'
import { toRequest } from './reading/support.ts'

type Known = readonly (readonly [kind: Need['kind'], name: string, inspect: Json])[]

const factsOf = (known: Known): Facts =>
  known.reduce((all, [kind, name, inspect]) => all.add({ kind, name }, inspect), new Facts())

function ask(line: string, body: Json | undefined, rule: object, known: Known = []): Decision {
  const rules = [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline', ...rule }]
  const request = toRequest(line, body === undefined ? undefined : JSON.stringify(body))
  return decide(definePolicy({ version: 1, rules }), { socket: 'ann' }, request, factsOf(known))
}

const brief = ({ verdict, reasons, needs }: Decision): string =>
  [verdict, ...reasons.map(({ code }) => code), ...needs.map(({ kind, name }) => `${kind} ${name}`)].join(' ')

const ONLY = { only: { networks: ['sealed'] } }
const DENY = { deny: { networks: ['prod'] } }

const createNetwork = (Name: string, rule: object): string => brief(ask('POST /networks/create', { Name }, rule))
const NetworkingConfig = (EndpointsConfig: Json): object => ({ NetworkingConfig: { EndpointsConfig } })

describe('a network that a rule names', () => {
  test('can not be created by its callers, who would choose what it reaches', () => {
    assert.deepEqual(
      [createNetwork('sealed', ONLY), createNetwork('prod', DENY)],
      Array<string>(2).fill('refuse NETWORK_REFUSED'),
    )
    assert.deepEqual(
      [createNetwork('app_default', ONLY), createNetwork('app_default', DENY), createNetwork('sealed', {})],
      Array<string>(3).fill('allow'),
    )
  })

  test('can be created if the rule allows the operation by its name, unless it denies the network', () => {
    const allow = { operations: ['networks.create'] }
    assert.equal(createNetwork('sealed', { ...ONLY, allow }), 'allow')
    assert.equal(createNetwork('prod', { ...DENY, allow }), 'refuse NETWORK_REFUSED')
  })
})

/** What the daemon says of a container with these networks. */
const container = (Networks: Json, rest: object = {}): Json => ({
  Id: 'f'.repeat(64),
  Config: { Image: 'a' },
  HostConfig: { NetworkMode: 'x' },
  Mounts: [],
  NetworkSettings: { Networks },
  ...rest,
})
const network = (Name: string, Id: string): Json => ({ Name, Id, Driver: 'bridge' })

describe('the networks of a container that exists', () => {
  const USES: readonly (readonly [line: string, body?: Json])[] = [
    ['POST /containers/web/start'],
    ['POST /containers/web/exec', { Cmd: ['sh'] }],
    ['POST /containers/create', { Image: 'a', HostConfig: { NetworkMode: 'container:web' } }],
    ['POST /build?networkmode=container:web'],
    ['POST /networks/sealed/connect', { Container: 'web' }],
  ]
  const use = (networks: Json, rule: object, known: Known = []): string[] =>
    USES.map(([line, body]) =>
      brief(
        ask(line, body, { ...rule, allow: { operations: ['images.build'] } }, [
          ['container', 'web', container(networks)],
          ['network', 'sealed', network('sealed', '5e')],
          ...known,
        ]),
      ),
    )
  const all = (verdict: string): string[] => USES.map(() => verdict)
  const refused = all('refuse TARGET_TOO_POWERFUL')
  const PROD: Known = [['network', '9d', network('prod', '9d')]]

  test('are judged by the ids that the container has', () => {
    const [prod, sealed] = [{ prod: { NetworkID: '9d' } }, { sealed: { NetworkID: '5e' } }]
    const known: Known = [...PROD, ['network', '5e', network('sealed', '5e')]]
    assert.deepEqual([use(prod, DENY, known), use(prod, ONLY, known)], [refused, refused])
    assert.deepEqual([use(sealed, DENY, known), use(sealed, ONLY, known)], [all('allow'), all('allow')])
    assert.deepEqual(use({ ...sealed, ...prod }, ONLY, known), refused)
    assert.deepEqual(use({ bd: { NetworkID: '9d' } }, DENY, known), refused)
    assert.deepEqual(use({ bridge: {} }, ONLY, [['network', 'bridge', network('bridge', 'b')]]), refused)
    assert.deepEqual(use({ none: { NetworkID: '1' } }, ONLY), all('allow'))
  })

  test('are asked for, but only if the rule limits networks', () => {
    assert.deepEqual(use({ prod: { NetworkID: '9d' } }, DENY), all('needs network 9d'))
    assert.deepEqual(use({ prod: { NetworkID: '9d' } }, {}), all('allow'))
  })

  test('without an id, are those that dockerd finds by the name', () => {
    assert.deepEqual(use({ '9d': { NetworkID: '' } }, DENY, PROD), refused)
    assert.deepEqual(use({ default: {} }, DENY, [['network', 'bridge', network('bridge', 'b')]]), all('allow'))
  })

  test('that are gone count by the name and id that the container has', () => {
    const gone: Known = [['network', '9d', null]]
    assert.deepEqual(use({ prod: { NetworkID: '9d' } }, DENY, gone), refused)
    assert.deepEqual(use({ app: { NetworkID: '9d' } }, { deny: { networks: ['9d'] } }, gone), refused)
    assert.deepEqual(use({ app: { NetworkID: '9d' } }, DENY, gone), all('allow'))
    assert.deepEqual(use({ sealed: { NetworkID: '9d' } }, ONLY, gone), all('allow'))
  })
})

const start = (DriverOpts: Json, level = 'baseline'): string =>
  brief(
    ask('POST /containers/web/start', undefined, { level }, [
      ['container', 'web', container({ x: { NetworkID: '1', DriverOpts } })],
    ]),
  )

test('the options of a container in its networks are judged like those of a new one', () => {
  const sysctls = { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.forwarding=1' }
  for (const options of [sysctls, { token: 'x' }]) {
    assert.equal(start(options), 'refuse TARGET_TOO_POWERFUL')
    assert.equal(start(options, 'privileged'), 'allow')
  }
  for (const options of [null, {}, { 'com.docker.network.endpoint.ifname': 'web0' }])
    assert.equal(start(options), 'allow')
})

describe('what is sent names networks by the ids that were judged', () => {
  const WEB: Known = [
    ['network', 'web', network('web', 'ab12')],
    ['network', 'ab', network('web', 'ab12')],
    ['network', 'cd', network('db', 'cd34')],
    ['network', 'bridge', network('bridge', 'b0')],
  ]
  const sent = (line: string, body?: Json): ReturnType<typeof writeRequest> => {
    const decision = ask(line, body, {}, [...WEB, ['container', 'c', container({})]])
    assert.ok(decision.verdict === 'allow' && decision.read, brief(decision))
    return writeRequest(decision.read)
  }
  const parsed = (line: string, body: Json): unknown => JSON.parse(sent(line, body).body ?? '')
  const create = (rest: object): unknown => parsed('POST /containers/create', { Image: 'a', ...rest })

  test('of a container', () => {
    const HostConfig = { NetworkMode: 'web' }
    assert.deepEqual(create({ HostConfig }), {
      Image: 'a',
      HostConfig,
      ...NetworkingConfig({ web: { NetworkID: 'ab12' } }),
    })
    // dockerd takes the beginning of an id for another network than that of the id, and connects the container twice.
    assert.deepEqual(create({ HostConfig: { NetworkMode: 'ab' } }), {
      Image: 'a',
      HostConfig: { NetworkMode: 'ab12' },
      ...NetworkingConfig({ ab12: { NetworkID: 'ab12' } }),
    })
    assert.deepEqual(create({ HostConfig, ...NetworkingConfig({ bridge: {}, web: { Aliases: ['x'] } }) }), {
      Image: 'a',
      HostConfig,
      ...NetworkingConfig({ bridge: {}, web: { Aliases: ['x'], NetworkID: 'ab12' } }),
    })
    assert.deepEqual(create({ HostConfig, ...NetworkingConfig({ web: { NetworkID: 'cd' } }) }), {
      Image: 'a',
      HostConfig,
      ...NetworkingConfig({ web: { NetworkID: 'cd34' } }),
    })
    for (const NetworkMode of ['bridge', 'default', 'none', 'container:c'])
      assert.ok(!('NetworkingConfig' in (create({ HostConfig: { NetworkMode } }) as object)), NetworkMode)
  })

  test('of a connection, and of the steps of a build', () => {
    const Container = 'f'.repeat(64)
    for (const EndpointConfig of [{}, { NetworkID: 'ab' }]) {
      const connect = { Container: 'c', EndpointConfig: { Aliases: ['x'], ...EndpointConfig } }
      assert.deepEqual(parsed('POST /networks/web/connect', connect), {
        Container,
        EndpointConfig: { Aliases: ['x'], NetworkID: 'ab12' },
      })
    }
    assert.equal(sent('POST /networks/web/connect', { Container: 'c' }).target, '/networks/ab12/connect')
    assert.deepEqual(parsed('POST /networks/bridge/connect', { Container: 'c' }), { Container })
    assert.equal(sent('POST /build?networkmode=web').target, '/build?networkmode=ab12')
    assert.equal(sent('POST /build?networkmode=bridge').target, '/build?networkmode=bridge')
  })
})
