import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { differenceFrom } from '../support/guide.ts'
import { followed, getsIn, isClosed } from './support/followed.ts'
import type { Office, Place } from './support/office.ts'

describe('what a guide shows, beside what was printed', () => {
  const rows: [string, readonly string[], string, boolean][] = [
    ['the same', ['one', 'two'], 'one\ntwo\n', true],
    [
      'dates, times and authorities of another run',
      ['docker-mtls CA 00000001, 2027-12-27  0.7 s'],
      'docker-mtls CA aaaaaaaa, 2026-01-01  31 ms',
      true,
    ],
    ['what was left out', ['...', 'two', '...', 'fo ...'], 'one\ntwo\nthree\nfour\n', false],
    ['the rest of a line', ['...', 'two', '...', 'four and ...'], 'one\ntwo\nthree\nfour and five\n', true],
    ['another word', ['one', 'too'], 'one\ntwo\n', false],
    ['another order', ['...', 'two', '...', 'one', '...'], 'one\ntwo\n', false],
    ['less', ['one'], 'one\ntwo\n', false],
    ['more', ['one', 'two'], 'one\n', false],
    ['another authority', ['docker-mtls CA 00000001'], 'docker-mtls CA bbbbbbbb', false],
    ['two authorities that are one', ['docker-mtls CA 00000002'], 'docker-mtls CA aaaaaaaa', false],
  ]
  for (const [what, shown, printed, isSame] of rows) {
    test(what, () =>
      assert.equal(differenceFrom(shown, printed, new Map([['00000001', 'aaaaaaaa']])) === undefined, isSame),
    )
  }
})

followed({
  guide: 'secure-a-host',
  places: ['desk', 'laptop', 'build01.example.com', 'build02.example.com'],
  afterwards: {
    'In one step, by ssh': async (office) => {
      assert.equal(await getsIn(office, 'desk', 'build01.example.com', 'docker-mtls/clients/ann'), true)
      await isClosed(office, 'build01.example.com')
      const { stdout } = await office.run('build01.example.com', 'command -v node docker-mtls')
      assert.equal(stdout, '')
    },
    'By hand': async (office) => {
      assert.equal(await getsIn(office, 'desk', 'build02.example.com', 'docker-mtls/clients/ann'), true)
      await isClosed(office, 'build02.example.com')
      assert.equal((await office.run('build02.example.com', 'ls server/probe')).code, 2)
    },
    'The clients': async (office) => {
      assert.equal(await getsIn(office, 'laptop', 'build02.example.com', '.docker/build02'), true)
      // One authority: whoever is a client of one host is one of the other.
      assert.equal(await getsIn(office, 'laptop', 'build01.example.com', '.docker/build02'), true)
    },
    'When something goes wrong': async (office) => {
      assert.equal(await getsIn(office, 'laptop', 'build02.example.com', '.docker/build02'), true)
      await isClosed(office, 'build02.example.com')
      for (const host of ['build01.example.com', 'build02.example.com'])
        assert.doesNotMatch(await office.must(host, 'find / -xdev -name "ca-key*"'), /docker-mtls/)
    },
  },
})

/** The hosts of the first guide, in fewer words: one set up by ssh, one by hand. */
const BY_SSH = 'docker-mtls setup ssh://root@build01.example.com --client ann --live-restore --yes'
const BY_HAND = [
  'ssh root@build02.example.com systemctl cat docker.service > docker.service',
  'docker-mtls init build02.example.com 10.0.0.5 --client ann --unit docker.service',
  'scp -q -r docker-mtls/server root@build02.example.com:',
  'ssh root@build02.example.com docker-mtls daemon apply --from server --live-restore --no-client-proof --yes',
].join('\n')
const BOTH = ['build01.example.com', 'build02.example.com'] as const

/** The certificate that a daemon shows, by its SHA-256. */
async function shownBy(office: Office, host: string): Promise<string> {
  const fingerprint = 'openssl x509 -noout -fingerprint -sha256'
  const script = `openssl s_client -connect ${host}:2376 -showcerts </dev/null 2>/dev/null | ${fingerprint}`
  return (await office.must('desk', script)).trim()
}

const shownFirst = new Map<string, string>()

followed({
  guide: 'renewal',
  places: ['desk', 'laptop', ...BOTH],
  prepare: async (office) => {
    await office.must('desk', `${BY_SSH}\n${BY_HAND}`)
    await office.must('desk', 'cp -a docker-mtls/clients/ann first')
    for (const host of BOTH) shownFirst.set(host, await shownBy(office, host))
  },
  afterwards: {
    'See what expires, and when': async (office) => {
      const show = 'systemctl show -p Result,ExecMainStatus --value docker-mtls-certificates.service'
      assert.equal(await office.must('desk', show), 'success\n0\n')
      assert.match(await office.must('desk', 'systemctl list-timers'), /docker-mtls-certificates\.timer/)
    },
    Renewing: async (office) => {
      for (const host of BOTH) assert.notEqual(await shownBy(office, host), shownFirst.get(host))
      for (const host of BOTH) assert.equal(await getsIn(office, 'desk', host, 'docker-mtls/clients/ann'), true)
      await office.must('desk', 'docker --context build01.example.com ps')
      const list = await office.must('desk', 'docker-mtls cert list')
      assert.equal(list.match(/replaced$/gm)?.length, 3)
      assert.doesNotMatch(list, /not delivered/)
    },
    'A key that never leaves its machine': async (office) => {
      assert.equal(await getsIn(office, 'laptop', 'build02.example.com', 'docker-mtls-ben'), true)
      const key = (await office.must('laptop', 'sed -n 2p docker-mtls-ben/key.pem')).trim()
      const holders = `sudo grep -rlFs -e '${key}' /home /root /tmp /etc || true`
      assert.equal(await office.must('desk', holders), '')
      assert.equal(await office.must('laptop', holders), '/home/ben/docker-mtls-ben/key.pem\n')
      await office.must('laptop', 'cp -a docker-mtls-ben before')
      // Until the rotation what was issued first is as good as what came later.
      for (const host of BOTH) assert.equal(await getsIn(office, 'desk', host, 'first'), true)
    },
    'A new CA': async (office) => {
      for (const host of BOTH) {
        assert.equal(await getsIn(office, 'desk', host, 'docker-mtls/clients/ann'), true)
        assert.equal(await getsIn(office, 'laptop', host, 'docker-mtls-ben'), true)
        assert.equal(await getsIn(office, 'desk', host, 'first'), false)
        assert.equal(await getsIn(office, 'laptop', host, 'before'), false)
        await isClosed(office, host)
      }
      await office.must('desk', 'docker --context build01.example.com ps')
      await office.must('desk', 'openssl verify -CAfile first/ca.pem first/cert.pem')
      const trusting = 'openssl verify -CAfile docker-mtls-ben/ca.pem before/cert.pem'
      assert.notEqual((await office.run('laptop', trusting)).code, 0)
    },
  },
})

followed({
  guide: 'limited-clients',
  followedBy: ['stolen-certificate', 'agent-socket', 'from-docker-socket-proxy'],
  places: ['desk', 'runner', 'build02.example.com'],
  prepare: async (office) => {
    const image =
      'mkdir -p image/bin && cp "$(command -v busybox)" image/bin/ && for name in sh cat echo sleep true; do ln -s busybox image/bin/$name; done'
    await office.must('build02.example.com', `${image}\ntar -C image -c . | docker import - site:1.0.0`)
  },
  afterwards: {
    'Start the gateway': async (office) => {
      assert.equal(await getsIn(office, 'desk', 'build02.example.com', 'docker-mtls/clients/ann'), true)
      const bare = await office.run('desk', 'curl -sSk --max-time 20 https://build02.example.com:2376/version')
      assert.match(bare.stdout, /alert certificate required/)
      const plain = await office.run('desk', 'curl -sS --max-time 20 http://build02.example.com:2376/version')
      assert.notEqual(plain.code, 0)
      const holders = await office.must('build02.example.com', 'find /etc/docker-mtls -perm /027')
      assert.equal(holders, '')
    },
    'Change the policy': async (office) => {
      assert.equal(await getsIn(office, 'desk', 'build02.example.com', 'docker-mtls/clients/ann'), true)
    },
  },
})

const HOST = 'build01.example.com'

/** A client whose key is made on its machine, and stays there. */
async function admit(office: Office, where: Place, name: string): Promise<void> {
  await office.must(where, `docker-mtls client request ${name}\nscp -q docker-mtls-${name}/${name}.csr ann@desk:`)
  await office.must('desk', `docker-mtls cert sign ${name}.csr`)
  await office.must(where, `scp -q ann@desk:${name}.pem .\ndocker-mtls client install ${name}.pem --host ${HOST}`)
}

followed({
  guide: 'lost-key',
  places: ['desk', 'laptop', 'runner', HOST],
  prepare: async (office) => {
    await office.must('desk', BY_SSH)
    await admit(office, 'laptop', 'ben')
    await admit(office, 'runner', 'ci')
    await office.must('desk', 'rm ben.csr ci.csr')
    // The thief has all of it, and this is how it opens the door.
    await office.must('laptop', 'cp -a docker-mtls-ben stolen')
    assert.equal(await getsIn(office, 'laptop', HOST, 'stolen'), true)
  },
  beforehand: {
    "A client's key is gone, and nobody has it": async (office) => {
      await office.must('runner', 'rm -r docker-mtls-ci ci.pem')
    },
    'A client leaves, and there is time': async (office) => {
      await office.must('runner', 'cp -a docker-mtls-ci left')
      assert.equal(await getsIn(office, 'runner', HOST, 'left'), true)
    },
    "A server's key": async (office) => {
      await office.must(HOST, 'rm /etc/docker/tls/server-key.pem')
    },
    "The CA's key": async (office) => {
      await admit(office, 'laptop', 'eve')
      await office.must('desk', 'mv docker-mtls/ca/ca-key.pem seen')
    },
  },
  afterwards: {
    "Somebody else may have a client's key": async (office) => {
      assert.equal(await getsIn(office, 'laptop', HOST, 'stolen'), false)
      assert.equal(await getsIn(office, 'desk', HOST, 'docker-mtls/clients/ann'), true)
      assert.equal(await getsIn(office, 'runner', HOST, 'docker-mtls-ci'), true)
      await office.must('desk', `docker --context ${HOST} ps`)
      await isClosed(office, HOST)
      assert.equal(await office.must(HOST, 'iptables -S INPUT'), '-P INPUT ACCEPT\n')
    },
    "A client's key is gone, and nobody has it": async (office) => {
      assert.equal(await getsIn(office, 'runner', HOST, 'docker-mtls-ci'), true)
    },
    'A client leaves, and there is time': async (office) => {
      assert.equal(await getsIn(office, 'runner', HOST, 'left'), false)
      assert.equal(await getsIn(office, 'laptop', HOST, 'stolen'), false)
      assert.equal(await getsIn(office, 'desk', HOST, 'docker-mtls/clients/ann'), true)
    },
    "A server's key": async (office) => {
      const stat = await office.must(HOST, 'stat -c "%a %U" /etc/docker/tls/server-key.pem')
      assert.equal(stat, '600 root\n')
      assert.equal(await getsIn(office, 'desk', HOST, 'docker-mtls/clients/ann'), true)
    },
    "The CA's key": async (office) => {
      assert.equal(await getsIn(office, 'laptop', HOST, 'docker-mtls-eve'), false)
      assert.equal(await getsIn(office, 'desk', HOST, 'docker-mtls/clients/ann'), true)
      await isClosed(office, HOST)
      // Nothing here trusts a server of the old authority any more.
      const trusted = 'docker-mtls/clients/ann/ca.pem .docker/contexts/tls/*/docker/ca.pem'
      assert.equal(await office.must('desk', `grep -hc BEGIN ${trusted}`), '1\n1\n')
      assert.equal(await office.must('desk', `sha256sum ${trusted} | cut -c 1-64 | sort -u | wc -l`), '1\n')
      // A passphrase that nobody knows any more.
      const lock = 'openssl pkcs8 -topk8 -v2 aes256 -in seen -out docker-mtls/ca/ca-key.pem -passout pass:forgotten'
      await office.must('desk', lock)
      assert.match((await office.run('desk', 'docker-mtls cert rotate-ca')).stdout, /ERR_CA_PASSPHRASE/)
      await office.must('desk', 'docker-mtls cert ca --replace-ca --yes')
    },
  },
})

let service: Promise<unknown>

followed({
  guide: 'gitlab-ci',
  places: ['docker', 'job'],
  prepare: async (office) => {
    await office.must('job', 'ln -s /opt/docker-mtls/node_modules node_modules')
  },
  beforehand: {
    'Wait for the certificates and the service': async (office) => {
      // While the job waits, the service creates its certificates, and the folder that both mount fills.
      service = startDind(office)
    },
  },
  afterwards: {
    'Before the service is ready': async (office) => {
      assert.notEqual((await office.run('docker', 'ss -Hltn | grep :2376')).code, 0)
    },
    'Wait for the certificates and the service': async (office) => {
      await service
      const issued = 'openssl x509 -noout -subject -ext extendedKeyUsage,basicConstraints -in /certs/client/cert.pem'
      assert.match(await office.must('job', issued), /docker:dind client[^]*Client Authentication/)
      // The job's other clients get nowhere without the variables that only docker-mtls derives.
      const bare = await office.run('job', 'curl -sS --max-time 20 http://docker:2376/version')
      assert.match(bare.stdout, /Client sent an HTTP request to an HTTPS server/)
    },
    "If it doesn't work": async (office) => {
      const plain = await office.run('job', 'DOCKER_HOST=tcp://docker:2375 DOCKER_TLS_CERTDIR= docker-mtls ping')
      assert.match(plain.stdout, /ERR_PLAINTEXT_PORT[^]*DOCKER_TLS_CERTDIR is empty/)
      const alone = await office.must('job', 'unset DOCKER_HOST; docker-mtls ping')
      assert.match(alone, /tcp:\/\/docker:2376 \(DOCKER_TLS_CERTDIR\)/)
      const other = await office.run(
        'job',
        'echo "10.0.0.7 dind" >> /etc/hosts; DOCKER_HOST=tcp://dind docker-mtls ping --wait 60s',
      )
      assert.match(other.stdout, /ERR_SERVER_NAME_MISMATCH/)
    },
  },
})

/** Starts docker:dind, as slowly as it is, and shows its folder for clients to the job file by file. */
async function startDind(office: Office): Promise<void> {
  const script = await readFile(new URL('./support/dind.sh', import.meta.url), 'utf8')
  await office.must('job', 'mkdir -p /certs/client; touch /certs/client/key.pem')
  await office.must('docker', `cat > dind.sh <<'SCRIPT'\n${script}SCRIPT\nsh dind.sh /certs`)
  for (const name of ['key.pem', 'cert.pem', 'ca.pem']) {
    const text = await office.must('docker', `cat /certs/client/${name}`)
    await office.must('job', `cat > /certs/client/${name} <<'PEM'\n${text}PEM\nsleep 0.3`)
  }
}
