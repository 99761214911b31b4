import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, definePolicy, Facts, writeRequest, type Decision, type Json, type Need } from '../../lib/policy.ts'
import { toRequest } from './reading/support.ts'

const POLICY = definePolicy({
  version: 1,
  rules: [{ name: 'ann', who: { socket: 'ann' }, level: 'baseline', owner: 'team-a' }],
})
const OWN = { 'docker-mtls.owner': 'team-a' }
const FOREIGN = { 'docker-mtls.owner': 'team-b' }

const CONTAINERD = { Driver: 'overlayfs', DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] }
const GRAPH_DRIVER = { Driver: 'overlay2', DriverStatus: [['Backing Filesystem', 'extfs']] }
const VFS = { Driver: 'vfs', DriverStatus: null }
/** What a daemon or a proxy says that has no `/info`, and what says nothing about the driver. */
const UNKNOWN: readonly Json[] = [null, {}, { Driver: '', DriverStatus: null }]

const AMD64 = { architecture: 'amd64', os: 'linux' }
const ARM64 = { architecture: 'arm64', os: 'linux' }

/** A manifest as Docker 28.5.2 lists it. */
const manifest = (Platform: Json, rest: Record<string, Json> = {}): Json => ({
  ID: 'sha256:2b',
  Available: true,
  Kind: 'image',
  ImageData: { Platform, Size: { Unpacked: 8192 }, Containers: ['c'.repeat(64)] },
  ...rest,
})
const ATTESTATION = { ID: 'sha256:e7', Kind: 'attestation', AttestationData: { For: 'sha256:2b' } }

/** An image as Docker 28.5.2 inspects it. Before API 1.48, and in graph drivers, nothing is said about manifests. */
const image = (Manifests?: Json, Labels: Json = OWN): Json => ({
  Id: 'sha256:44',
  Os: 'linux',
  GraphDriver: { Data: null, Name: 'overlayfs' },
  Config: { Labels },
  ...(Manifests !== undefined && { Manifests }),
})

type Known = readonly (readonly [kind: Need['kind'], name: string, inspect: Json])[]

function ask(line: string, known: Known = []): Decision {
  const facts = new Facts()
  for (const [kind, name, inspect] of known) facts.add({ kind, name }, inspect)
  return decide(POLICY, { socket: 'ann' }, toRequest(line), facts)
}

const brief = ({ verdict, reasons, needs }: Decision): string =>
  [verdict, ...reasons.map(({ code }) => code), ...needs.map(({ kind, name }) => `${kind} ${name}`)].join(' ')

const ofImage = (line: string, inspect: Json, info?: Json): Decision =>
  ask(line, [
    ['image', 'img:1', inspect],
    ['image', 'docker.io/library/img:1', inspect],
    ...(info === undefined ? [] : ([['daemon', 'info', info]] as const)),
  ])

function sent({ verdict, read }: Decision): URL {
  assert.ok(verdict === 'allow' && read)
  return new URL(writeRequest(read).target, 'http://daemon')
}

const pathOf = (line: string): string => decodeURIComponent(sent(ofImage(line, image([manifest(AMD64)]))).pathname)

const LEAVING = ['GET /images/img:1/get', 'GET /images/get?names=img:1', 'POST /images/img/push?tag=1']

describe('an image that leaves the daemon', () => {
  test('in containerd, only what was judged does, by its platform', () => {
    const unavailable = { Available: false }
    const lists = [
      [manifest(AMD64)],
      [
        manifest(AMD64),
        { ...ATTESTATION, Available: false },
        manifest(ARM64, unavailable),
        manifest(AMD64, unavailable),
      ],
      // It may be an image of somebody else. dockerd leaves it out if there is a platform.
      [manifest(AMD64), { ...ATTESTATION, Available: true }],
    ]
    for (const line of LEAVING)
      for (const list of lists) {
        const decision = ofImage(line, image(list))
        assert.equal(decision.mustSendRead, true, brief(decision))
        assert.deepEqual(JSON.parse(sent(decision).searchParams.get('platform') ?? ''), AMD64)
      }
  })

  test('the platform is sent in a version that has one', () => {
    assert.equal(pathOf('GET /images/get?names=img:1'), '/images/get')
    assert.equal(pathOf('GET /v1.45/images/get?names=img:1'), '/v1.48/images/get')
    assert.equal(pathOf('POST /v1.24/images/img:1/push'), '/v1.48/images/img:1/push')
    assert.equal(pathOf('GET /v1.51/images/get?names=img:1'), '/v1.51/images/get')
  })

  test('of several that are there, nobody knows whose the others are', () => {
    const lists = [
      [manifest(AMD64), manifest(ARM64)],
      [manifest(AMD64), manifest(AMD64)],
      [manifest(AMD64), { ID: 'sha256:22', Kind: 'unknown', Available: true }],
      [manifest(AMD64), { ID: 'sha256:22' }],
      [{ ...ATTESTATION, Available: true }],
      [manifest(ARM64, { Available: false })],
      [null],
      [{ ID: 'sha256:2b', Available: true, Kind: 'image' }],
    ]
    for (const line of LEAVING)
      for (const list of lists)
        assert.equal(brief(ofImage(line, image(list), CONTAINERD)), 'refuse OWNER_UNSUPPORTED', JSON.stringify(list))
  })

  test('an image whose settings are not there has no known labels', () => {
    const { Os, Config: _, ...inspect } = image([manifest(ARM64)]) as Record<string, Json>
    const line = 'GET /images/get?names=img:1'
    assert.equal(brief(ofImage(line, { ...inspect, Os: Os ?? '', Config: {} })), 'allow')
    assert.equal(brief(ofImage(line, inspect)), 'refuse OWNER_UNSUPPORTED')
    assert.equal(brief(ofImage(line, { ...inspect, Os: '', Config: {} })), 'refuse OWNER_UNSUPPORTED')
  })

  test('a daemon that does not say it, with images in containerd, lets none leave', () => {
    for (const line of LEAVING) {
      assert.equal(brief(ofImage(line, image())), 'needs daemon info')
      for (const info of [CONTAINERD, ...UNKNOWN])
        assert.equal(brief(ofImage(line, image(), info)), 'refuse OWNER_UNSUPPORTED', JSON.stringify(info))
    }
  })

  test('graph drivers have one manifest for each image: the request stays as it is', () => {
    for (const line of LEAVING)
      for (const info of [GRAPH_DRIVER, VFS]) {
        const decision = ofImage(line, image(), info)
        assert.deepEqual([brief(decision), decision.mustSendRead], ['allow', undefined])
        assert.equal(sent(decision).searchParams.has('platform'), false)
      }
  })

  test('with several names, none of another platform', () => {
    const other = ['image', 'other:1', image([manifest(ARM64), manifest(AMD64)])] as const
    const line = 'GET /images/get?names=img:1&names=other:1'
    assert.equal(brief(ask(line, [['image', 'img:1', image([manifest(AMD64)])], other])), 'refuse OWNER_UNSUPPORTED')
  })

  test('what is of others is still as if it were not there', () => {
    const foreign = image([manifest(AMD64), manifest(ARM64)], FOREIGN)
    for (const line of LEAVING) assert.equal(brief(ofImage(line, foreign, CONTAINERD)), 'refuse NOT_FOUND')
  })

  test('a tag gives nothing away: what has it is judged when it leaves', () => {
    const index = image([manifest(AMD64), manifest(ARM64)])
    const line = 'POST /images/img:1/tag?repo=second&tag=1'
    const known: Known = [
      ['image', 'img:1', index],
      ['image', 'docker.io/library/second:1', null],
    ]
    assert.equal(brief(ask(line, known)), 'allow')
    assert.equal(brief(ask('GET /images/second:1/get', [['image', 'second:1', index]])), 'refuse OWNER_UNSUPPORTED')
  })
})

describe('what an owner sees of images in containerd', () => {
  test('a list has images with the own label, although another manifest of theirs may have the label', () => {
    const mine = { Id: 'sha256:1', Labels: OWN }
    const others = [{ Id: 'sha256:2', Labels: FOREIGN }, { Id: 'sha256:3', Labels: null }, { Id: 'sha256:4' }]
    assert.deepEqual(ask('GET /images/json').filterAnswer?.([...others, mine]), [mine])
  })

  test('nobody learns which containers use an image', () => {
    const { ImageData: _, ...bare } = manifest(AMD64) as Record<string, Json>
    const Manifests = [{ ...bare, ImageData: { Platform: AMD64, Size: { Unpacked: 8192 } } }, ATTESTATION]
    const given = { Id: 'sha256:1', Labels: OWN, Manifests: [manifest(AMD64), ATTESTATION] }
    const expected = { Id: 'sha256:1', Labels: OWN, Manifests }
    assert.deepEqual(ask('GET /images/json?manifests=1').filterAnswer?.([given]), [expected])
    const inspected = ofImage('GET /v1.51/images/img:1/json?manifests=1', image())
    assert.deepEqual(inspected.filterAnswer?.(given), expected)
    assert.equal(ofImage('GET /images/img:1/json', image()).filterAnswer, undefined)
  })

  test('dockerd would prune images by the labels of any manifest', () => {
    const prune = (info?: Json): Decision =>
      ask('POST /images/prune', info === undefined ? [] : [['daemon', 'info', info]])
    assert.equal(brief(prune()), 'needs daemon info')
    for (const info of [CONTAINERD, ...UNKNOWN])
      assert.equal(brief(prune(info)), 'refuse OWNER_UNSUPPORTED', JSON.stringify(info))
    const onGraph = prune(GRAPH_DRIVER)
    assert.equal(brief(onGraph), 'allow')
    assert.deepEqual(JSON.parse(sent(onGraph).searchParams.get('filters') ?? ''), {
      label: { 'docker-mtls.owner=team-a': true },
    })
    assert.equal(brief(ask('POST /containers/prune')), 'allow')
  })
})
