import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAboutDocker } from '../../lib/audit/about-docker.ts'
import { CHECKS } from '../../lib/audit/checks.ts'
import { auditSnapshot } from '../../lib/audit.ts'
import { changed, VERSION } from './support/daemon-snapshot.ts'

const [, ...others] = VERSION.Components
const PODMAN = { Version: '5.8.6', Components: [{ Name: 'Podman Engine', Version: '5.8.6', Details: {} }, ...others] }
const ABOUT_DOCKER = new Set(CHECKS.filter(isAboutDocker).map(({ id }) => id))

test('checks of Docker Engine do not apply to Podman, and all others are judged as for Docker', () => {
  const onDocker = auditSnapshot(changed({}))
  const onPodman = auditSnapshot(changed({ version: PODMAN }))
  assert.deepEqual([onDocker.podman, onPodman.podman, onPodman.engine], [undefined, true, '5.8.6'])
  assert.ok(ABOUT_DOCKER.size > 40, `only ${ABOUT_DOCKER.size} checks`)
  const isOwn = ({ check }: { readonly check: string }): boolean => ABOUT_DOCKER.has(check)
  for (const { check, status, detail } of onPodman.findings.filter(isOwn))
    assert.deepEqual(
      [check, status, detail],
      [check, 'not-applicable', 'the check is about Docker Engine, and this is Podman'],
    )
  assert.ok(onDocker.findings.filter(isOwn).some(({ status }) => status === 'pass'))
  const rest = (findings: typeof onPodman.findings) => findings.filter((finding) => !isOwn(finding))
  assert.deepEqual(rest(onPodman.findings), rest(onDocker.findings))
})
