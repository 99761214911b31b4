import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { classifyConfig } from '../../../lib/audit/snapshot/config-data.ts'
import { readHistory } from '../../../lib/audit/snapshot/history.ts'
import { redactContainer, redactInfo, redactVolume } from '../../../lib/audit/snapshot/redact.ts'

const SECRET = 'hunter2hunter2'
const KEY = `-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\n`

describe('readHistory', () => {
  /** Steps as the classic builder and BuildKit record them. */
  const rows: ReadonlyArray<readonly [step: string, facts: Partial<ReturnType<typeof readHistory>>]> = [
    ['/bin/sh -c #(nop)  CMD ["sh"]', {}],
    [`/bin/sh -c #(nop)  ENV DB_PASSWORD=${SECRET}`, { secrets: ['DB_PASSWORD'] }],
    [`ENV DB_PASSWORD=${SECRET}`, { secrets: ['DB_PASSWORD'] }],
    [`ENV PATH=/bin API_KEY=${SECRET} LANG=C`, { secrets: ['API_KEY'] }],
    [`ENV AWS_SECRET_ACCESS_KEY ${SECRET}`, { secrets: ['AWS_SECRET_ACCESS_KEY'] }],
    [`ENV ENCRYPTION_KEY=${SECRET} DB_PASSWORD_1=${SECRET}`, { secrets: ['ENCRYPTION_KEY', 'DB_PASSWORD_1'] }],
    [`ARG NPM_TOKEN=${SECRET}`, { secrets: ['NPM_TOKEN'] }],
    [`RUN |1 NPM_TOKEN=${SECRET} /bin/sh -c npm ci # buildkit`, { secrets: ['NPM_TOKEN'] }],
    [`|2 A=1 GITHUB_TOKEN=${SECRET} /bin/sh -c make`, { secrets: ['GITHUB_TOKEN'] }],
    [`RUN /bin/sh -c echo '${KEY}' > /key # buildkit`, { secrets: ['a private key'] }],
    [`RUN /bin/sh -c git clone https://ann:${SECRET}@example.com/x # buildkit`, { secrets: ['a password in a URL'] }],
    ['RUN /bin/sh -c aws --id AKIAIOSFODNN7EXAMPLE # buildkit', { secrets: ['an access key of AWS'] }],
    // No secrets.
    ['ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305', {}],
    ['ENV POSTGRES_PASSWORD_FILE=/run/secrets/password', {}],
    ['ENV GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/google.json', {}],
    ['ENV DB_PASSWORD=', {}],
    ['ARG NPM_TOKEN', {}],
    ['RUN |1 NPM_TOKEN= /bin/sh -c npm ci # buildkit', {}],
    ['RUN /bin/sh -c PASSWORD=$(cat /run/secrets/p) ./install # buildkit', {}],
    ['RUN |1 VERSION=1 /bin/sh -c TOKEN=$(cat /run/secrets/t) make # buildkit', {}],
    ['RUN /bin/sh -c curl https://example.com/a:b@c # buildkit', {}],
    ['ENV TOKENIZER=fast', {}],
    // Downloads.
    ['ADD https://example.com/x.tar.gz /opt/ # buildkit', { downloads: 1 }],
    ['/bin/sh -c #(nop) ADD https://example.com/x in / ', { downloads: 1 }],
    ['ADD --checksum=sha256:abc https://example.com/x.tar.gz /opt/ # buildkit', {}],
    ['/bin/sh -c #(nop) ADD file:8e81116368669ed3dd in / ', {}],
    ['ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit', {}],
    ['COPY https /srv/https # buildkit', {}],
    // Updates.
    ['/bin/sh -c apt-get update', { updatesAlone: 1 }],
    ['RUN /bin/sh -c apt-get -q update # buildkit', { updatesAlone: 1 }],
    ['RUN /bin/sh -c apk update # buildkit', { updatesAlone: 1 }],
    ['RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit', {}],
    ['RUN /bin/sh -c apk update && apk add curl # buildkit', {}],
    ['RUN /bin/sh -c yum update -y # buildkit', {}],
  ]
  for (const [step, facts] of rows) {
    test(step.slice(0, 80), () => {
      const none = { steps: 1, downloads: 0, updatesAlone: 0, secrets: [] }
      const read = readHistory([{ CreatedBy: step }])
      assert.deepEqual(read, { ...none, ...facts })
      assert.ok(!JSON.stringify(read).includes(SECRET))
    })
  }

  test('takes what is no step for an empty one, and names a bounded number of secrets', () => {
    assert.equal(readHistory([{} as never, { CreatedBy: 3 as never }]).steps, 2)
    const many = Array.from({ length: 100 }, (_, index) => ({ CreatedBy: `ENV A${index}_TOKEN=${SECRET}` }))
    assert.equal(readHistory(many).secrets?.length, 20)
  })
})

describe('classifyConfig', () => {
  const rows: ReadonlyArray<readonly [data: string, holds: ReturnType<typeof classifyConfig>]> = [
    ['server {\n  listen 80;\n}\n', 'nothing secret'],
    [`ssl:\n  key: |\n${KEY}`, 'a private key'],
    [KEY.replace('EC ', 'ENCRYPTED '), 'a private key'],
    [`password: ${SECRET}\n`, 'a password'],
    [`db:\n  db_password = "${SECRET}"\n`, 'a password'],
    [`{"user": "ann", "api_key": "${SECRET}"}`, 'a password'],
    [`export API_TOKEN=${SECRET}`, 'a password'],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', 'nothing secret'],
    ['-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n', 'nothing secret'],
    ['password_file: /run/secrets/password\n', 'nothing secret'],
    ['password: /run/secrets/password\n', 'nothing secret'],
    ['password: ${DB_PASSWORD}\n', 'nothing secret'],
    ['password: {{ secret "db" }}\n', 'nothing secret'],
    ['password: ""\n', 'nothing secret'],
    ['require_password: true\n', 'nothing secret'],
    ['# password: ask the administrators\n', 'nothing secret'],
  ]
  for (const [data, holds] of rows) {
    test(`${holds}: ${JSON.stringify(data).slice(0, 60)}`, () =>
      assert.equal(classifyConfig(Buffer.from(data).toString('base64')), holds))
  }

  test('does not guess about data that are absent', () => {
    assert.equal(classifyConfig(undefined), undefined)
    assert.equal(classifyConfig(7), undefined)
  })

  test('takes linear time', () => {
    const start = performance.now()
    for (const text of ['password', '"', ' {,-', 'a.b-', 'password = ', '\n']) {
      classifyConfig(Buffer.from(text.repeat(50_000)).toString('base64'))
      readHistory([{ CreatedBy: text.repeat(50_000) }, { CreatedBy: `ENV ${text.repeat(50_000)}` }])
    }
    assert.ok(performance.now() - start < 5_000)
  })
})

describe('what is removed from the answers of the daemon', () => {
  const URLS: ReadonlyArray<readonly [given: string, kept: string]> = [
    [`http://ann:${SECRET}@proxy:3128`, 'http://***@proxy:3128'],
    [`http://ann:a/${SECRET}@b@proxy:3128`, 'http://***@proxy:3128'],
    [`ann:${SECRET}@proxy:3128`, '***@proxy:3128'],
    ['http://proxy:3128', 'http://proxy:3128'],
    ['', ''],
  ]
  for (const [given, kept] of URLS) {
    test(`the proxy ${given.replace(SECRET, 'SECRET')}`, () => {
      assert.deepEqual(redactInfo({ HttpProxy: given, HttpsProxy: given }), { HttpProxy: kept, HttpsProxy: kept })
    })
  }

  test('the command of a healthcheck, but not how it runs', () => {
    const Healthcheck = { Test: ['CMD-SHELL', `mysqladmin -p${SECRET} ping`], Interval: 1 }
    const { Config } = redactContainer({ Config: { Healthcheck } })
    assert.deepEqual(Config, { Env: undefined, Healthcheck: { Test: ['CMD-SHELL'], Interval: 1 } })
    const none = redactContainer({ Config: { Healthcheck: null } })
    assert.deepEqual(none['Config'], { Env: undefined, Healthcheck: null })
  })

  test('nothing of the path of a device', () => {
    const Options = { type: 'none', o: 'bind', device: '/srv/a@b' }
    assert.deepEqual(redactVolume({ Options }), { Options })
  })
})
