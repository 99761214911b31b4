import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TYPES } from '../../lib/engine/body-fields/table.ts'
import {
  decide,
  decideAsking,
  definePolicy,
  Facts,
  type Decision,
  type Json,
  type Need,
  type Policy,
} from '../../lib/policy.ts'
import { toRequest } from './reading/support.ts'

const DENY = { deny: { labels: ['traefik.*', 'docker-mtls.owner', 'caddy*'] } }
const ONLY = { only: { labels: ['team', 'com.example.*'] } }

function ask(line: string, body: Json | undefined, rule: object, facts?: Facts): Decision {
  const rules = [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline', ...rule }]
  const text = body === undefined ? undefined : JSON.stringify(body)
  return decide(definePolicy({ version: 1, rules }), { socket: 'ann' }, toRequest(line, text), facts)
}

/** The verdict, and each code with where it is. */
const brief = ({ verdict, reasons }: Decision): string =>
  [verdict, ...reasons.map(({ code, where = '' }) => `${code} ${where}`)].join(', ')

const refused = (...places: string[]): string => ['refuse', ...places.map((one) => `LABEL_REFUSED ${one}`)].join(', ')

const ofImage = (Labels: Json): Facts => new Facts().add({ kind: 'image', name: 'a' }, { Id: 'x', Config: { Labels } })

const create = (Labels: Json, rule: object): string =>
  brief(ask('POST /containers/create', { Image: 'a', Labels }, rule, ofImage(null)))

describe('a label that a rule denies', () => {
  const rows: readonly (readonly [key: string, isAllowed: boolean])[] = [
    ['traefik.enable', false],
    ['traefik.', false],
    // Traefik itself takes these for the same.
    ['Traefik.Enable', false],
    ['TRAEFIK.http.routers.x.rule', false],
    ['traef\u0130k.enable', false],
    ['traefi\u212a.enable', false],
    [' traefik.enable', false],
    ['traefik\t.enable', false],
    ['', false],
    ['traefik', true],
    ['x.traefik.enable', true],
    ['docker-mtls.owner', false],
    ['docker-mtls.owner2', true],
    ['caddy', false],
    ['caddy_0.reverse_proxy', false],
    ['team', true],
  ]
  for (const [key, isAllowed] of rows)
    test(JSON.stringify(key), () => assert.equal(create({ [key]: 'x' }, DENY), isAllowed ? 'allow' : refused('Labels')))
})

describe('a label, if a rule names the only ones', () => {
  const rows: readonly (readonly [key: string, isAllowed: boolean])[] = [
    ['team', true],
    ['com.example.a', true],
    ['Team', false],
    ['COM.example.a', false],
    ['teams', false],
    ['com.example', false],
    ['__proto__', false],
  ]
  for (const [key, isAllowed] of rows)
    test(key, () => {
      const labels = Object.fromEntries([[key, 'x']])
      assert.equal(create(labels, ONLY), isAllowed ? 'allow' : refused('Labels'))
      assert.equal(create(labels, { only: { labels: [] } }), refused('Labels'))
      assert.equal(create(labels, {}), 'allow')
    })
})

const changes = (text: string): string => `&changes=${encodeURIComponent(text)}`

describe('wherever a request sets a label', () => {
  const Labels = { 'traefik.enable': 'true' }
  const query = encodeURIComponent(JSON.stringify(Labels))
  const SERVICE = { TaskTemplate: { ContainerSpec: { Image: 'a' } } }
  const MOUNT = { Type: 'volume', Source: 'v', Target: '/v', VolumeOptions: { Labels } }
  const services = { allow: { operations: ['services.create'] } }
  const allowed = { allow: { operations: ['swarm.update', 'images.build'] } }
  const rows: readonly (readonly [line: string, body: Json | undefined, verdict: string, rule?: object])[] = [
    ['POST /containers/create', { Image: 'a', labels: Labels }, refused('Labels')],
    [
      'POST /containers/create',
      { Image: 'a', HostConfig: { Mounts: [MOUNT] } },
      refused('HostConfig.Mounts.0.VolumeOptions.Labels'),
    ],
    ['POST /volumes/create', { Labels }, refused('Labels')],
    ['POST /networks/create', { Name: 'x', Labels }, refused('Labels')],
    ['POST /secrets/create', { Name: 'x', Data: '', Labels }, refused('Labels')],
    ['POST /configs/x/update?version=1', { Name: 'x', Labels }, refused('Labels')],
    ['POST /swarm/update?version=1', { Labels }, refused('Labels'), allowed],
    ['POST /services/create', { Labels, ...SERVICE }, refused('Labels'), services],
    [
      'POST /services/create',
      { TaskTemplate: { ContainerSpec: { Image: 'a', Labels } } },
      refused('TaskTemplate.ContainerSpec.Labels'),
      services,
    ],
    [
      'POST /services/create',
      { TaskTemplate: { ContainerSpec: { Image: 'a', Mounts: [MOUNT] } } },
      refused('TaskTemplate.ContainerSpec.Mounts.0.VolumeOptions.Labels'),
      services,
    ],
    ['POST /services/create', SERVICE, 'allow', services],
    // Nodes pull the image.
    ['POST /services/create', SERVICE, refused('TaskTemplate.ContainerSpec.Image')],
    ['POST /commit?container=web', { Labels }, refused('Labels')],
    [`POST /commit?container=web${changes('LABEL traefik.enable=true')}`, {}, refused('changes')],
    [`POST /commit?container=web${changes('ONBUILD LABEL traefik.enable=true')}`, {}, refused('changes')],
    [`POST /commit?container=web${changes('USER 1')}`, {}, 'allow'],
    [`POST /images/create?fromSrc=-${changes('LABEL a=b')}`, undefined, refused('changes')],
    [`POST /build?version=2&labels=${query}`, undefined, refused('labels')],
    ['POST /build?version=2', undefined, 'allow'],
    // Each step is a container.
    ['POST /build', undefined, refused('version')],
    ['POST /build?version=1', undefined, refused('version')],
    ['POST /build', undefined, 'allow', allowed],
    [`POST /build?labels=${query}`, undefined, refused('labels'), allowed],
    // A name, and no label.
    ['POST /containers/create', { Image: 'a', Env: ['Labels=traefik.enable'], Volumes: { 'traefik.x': {} } }, 'allow'],
    ['POST /containers/create', { Image: 'a', Labels: { Labels: 'traefik.enable' } }, 'allow'],
  ]
  const container = { Id: 'f', Config: { Image: 'a' }, HostConfig: { NetworkMode: 'none' }, Mounts: [] }
  const facts = ofImage(null)
    .add({ kind: 'volume', name: 'v' }, null)
    .add({ kind: 'container', name: 'web' }, container)
  for (const [line, body, verdict, rule = {}] of rows)
    test(`${line} ${JSON.stringify(body)} ${JSON.stringify(rule)}`, () => {
      assert.equal(brief(ask(line, body, { ...DENY, ...rule }, facts)), verdict)
    })

  test('every map of texts in a body is known to be labels, or something else', () => {
    const names = Object.values(TYPES).flatMap((text) => text.split(' ').filter((field) => field.endsWith(':*s')))
    const others = 'Annotations AuxiliaryAddresses Config DriverOpts Options Segments StorageOpt Sysctls Tmpfs'.split(
      ' ',
    )
    const found = new Set(names.map((field) => field.slice(0, -3)))
    assert.deepEqual([...found].toSorted(), [...others, 'Labels'].toSorted())
  })
})

describe('labels that come with an image', () => {
  const line = 'POST /containers/create'
  const of = (rule: object, facts?: Facts): Decision => ask(line, { Image: 'a' }, rule, facts)

  test('the daemon is asked, but only if the rule limits labels', () => {
    assert.deepEqual(
      of(DENY).needs.filter(({ kind }) => kind === 'image'),
      [{ kind: 'image', name: 'a' }],
    )
    assert.deepEqual(
      of({}).needs.filter(({ kind }) => kind === 'image'),
      [],
    )
    assert.equal(brief(of(DENY, ofImage({ 'traefik.enable': 'true' }))), refused('Image'))
    assert.equal(brief(of(ONLY, ofImage({ maintainer: 'x' }))), refused('Image'))
    assert.equal(brief(of(ONLY, ofImage({ team: 'x' }))), 'allow')
    // dockerd says so itself.
    assert.equal(brief(of(DENY, new Facts().add({ kind: 'image', name: 'a' }, null))), 'allow')
  })

  test('those for another platform are not seen', () => {
    const own = { Os: 'linux', Architecture: 'arm64', Config: { Labels: {} } }
    const on = (Architecture: string, image: Json = own): string => {
      const info = { kind: 'daemon', name: 'info' } as const
      const facts = new Facts().add({ kind: 'image', name: 'a' }, image).add(info, { OSType: 'linux', Architecture })
      return brief(ask(`${line}?platform=linux/arm64`, { Image: 'a' }, DENY, facts))
    }
    assert.deepEqual([on('x86_64'), on('aarch64')], [refused('platform'), 'allow'])
    assert.equal(on('aarch64', { ...own, Architecture: 'arm' }), refused('platform'))
    assert.equal(on('aarch64', { ...own, Config: { Labels: { 'traefik.enable': 'true' } } }), refused('Image'))
    assert.equal(brief(ask(`${line}?platform=linux/arm64`, { Image: 'a' }, {}, ofImage({}))), 'allow')
    assert.equal(brief(ask(`${line}?platform=`, { Image: 'a' }, DENY, ofImage({}))), 'allow')
  })

  test('and once more before the container starts, whatever its image was called', () => {
    const container = {
      Id: 'f',
      Config: { Image: 'a', Labels: { 'traefik.enable': '1' } },
      HostConfig: { NetworkMode: 'none' },
      Mounts: [],
    }
    const facts = new Facts().add({ kind: 'container', name: 'web' }, container)
    for (const verb of ['start', 'restart'])
      assert.equal(brief(ask(`POST /containers/web/${verb}`, undefined, DENY, facts)), refused('the path'))
    assert.equal(brief(ask('POST /containers/web/start', undefined, {}, facts)), 'allow')
    assert.equal(brief(ask('POST /containers/web/exec', { Cmd: ['sh'] }, DENY, facts)), 'allow')
  })
})

const nested = (depth: number, inner: string): string => '{"a":'.repeat(depth) + inner + '}'.repeat(depth)
const policyOf = (rule: object): Policy =>
  definePolicy({ version: 1, rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline', ...rule }] })
const inspect = ({ name }: Need): Promise<Json> => {
  const index = Number(name.slice(1))
  const NetworkMode = index < 9 ? `container:c${index + 1}` : 'bridge'
  return Promise.resolve({ Id: `id${index}`, Config: { Image: 'a' }, HostConfig: { NetworkMode }, Mounts: [] })
}
const count = (line: string, rule: object, body: string): number =>
  decide(policyOf(rule), { socket: 'ann' }, toRequest(line, body)).reasons.length

/** In microseconds of CPU time. */
async function timeOf(body: string, level: unknown): Promise<number> {
  const request = toRequest('POST /containers/create', body)
  const before = process.cpuUsage()
  const { verdict } = await decideAsking(policyOf({ ...DENY, level }), { socket: 'ann' }, request, inspect)
  assert.equal(verdict, 'allow')
  return process.cpuUsage(before).user
}

describe('a body with very many labels, very deep', () => {
  const labels = Array.from({ length: 30_000 }, (_, index) => `"k${index}":""`).join(',')
  const DEEP = `{"HostConfig":{"NetworkMode":"container:c0","DiskQuota":${nested(95, `{"Labels":{${labels}}}`)}}}`

  test('takes little time, also if it names a chain of containers', async () => {
    const flat = await timeOf(`{"Labels":{${labels}}}`, 'baseline')
    const deep = await timeOf(DEEP, { enforce: 'baseline', audit: 'restricted', warn: 'restricted' })
    assert.ok(deep < 3 * flat, `${deep} and ${flat} microseconds`)
  })

  test('has no more reasons than anybody reads', () => {
    assert.equal(count('POST /volumes/create', { deny: { labels: ['k*'] } }, `{"Labels":{${labels}}}`), 1001)
    const owners = Array<string>(2_000).fill('{"docker-mtls.owner":"x"}').join(',')
    const body = `{"HostConfig":{"DiskQuota":{"a":[${owners}]}}}`
    assert.equal(count('POST /containers/create', { owner: 'o' }, body), 1001)
  })
})

function fromTemplate(rule: object, Labels: Json): string {
  const facts = new Facts().add(
    { kind: 'network', name: 'template' },
    { Id: 'f', Driver: 'bridge', ConfigOnly: true, Labels },
  )
  return brief(ask('POST /networks/create', { Name: 'x', ConfigFrom: { Network: 'template' } }, rule, facts))
}

test('a network gets the labels of its template', () => {
  assert.equal(fromTemplate(DENY, { 'traefik.x': '1' }), refused('ConfigFrom.Network'))
  assert.equal(fromTemplate(ONLY, { team: '1' }), 'allow')
  assert.equal(fromTemplate({}, { 'traefik.x': '1' }), 'allow')
})

test('the label of an owner has a rule of its own', () => {
  const mine = { owner: 'team-a', ...ONLY }
  const labels = { 'docker-mtls.owner': 'team-a', team: 'x' }
  const facts = ofImage({ 'docker-mtls.owner': 'team-a' }).add(
    { kind: 'image', name: 'docker.io/library/a:latest' },
    null,
  )
  assert.equal(brief(ask('POST /containers/create', { Image: 'a', Labels: labels }, mine, facts)), 'allow')
  const others = { 'docker-mtls.owner': 'team-b' }
  const decision = ask('POST /containers/create', { Image: 'a', Labels: others }, mine, facts)
  assert.equal(brief(decision), 'refuse, OWNER_LABEL Labels.docker-mtls.owner')
})

const say = (rule: object): string | undefined =>
  ask('POST /volumes/create', { Labels: { 'Traefik.x': '1' } }, rule).reasons[0]?.got

test('deny and only in the refusal', () => {
  assert.equal(say(DENY), 'the rule denies traefik.*, and "Traefik.x" may mean the same')
  assert.equal(say(ONLY), 'the rule does not name the label "Traefik.x"')
})
