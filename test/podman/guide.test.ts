import assert from 'node:assert/strict'
import { followed, getsIn, isClosed } from '../machine/support/followed.ts'

const HOST = 'build03.example.com'
const UNIT = 'docker-mtls-podman.service'

followed({
  guide: 'podman',
  places: ['desk', HOST],
  prepare: async (office) => {
    // runc and cgroupfs, since crun and systemd need more of control groups than a machine has here.
    const settings =
      '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n[network]\nfirewall_driver = "iptables"\n'
    await office.must(
      HOST,
      `mkdir -p /etc/containers /var/lib/containers; mount -t tmpfs tmpfs /var/lib/containers; printf '${settings.replaceAll('\n', '\\n')}' > /etc/containers/containers.conf`,
    )
    const image =
      'mkdir -p image/bin && cp "$(command -v busybox)" image/bin/ && for name in sh cat echo sleep true; do ln -s busybox image/bin/$name; done'
    await office.must(HOST, `${image}\ntar -C image -c . | podman import - docker.io/library/site:1.0.0`)
  },
  afterwards: {
    'Start it': async (office) => {
      assert.equal(await office.must(HOST, `systemctl is-active ${UNIT}`), 'active\n')
      await office.must('desk', 'docker-mtls ping --wait 20s --dotenv docker-mtls/clients/ann/.env')
      assert.equal(await getsIn(office, 'desk', HOST, 'docker-mtls/clients/ann'), true)
      await isClosed(office, HOST)
      // Another CA's client.
      await office.must('desk', 'docker-mtls init other.example.com --out other --client eve')
      assert.equal(await getsIn(office, 'desk', HOST, 'other/clients/eve'), false)
      assert.equal(await office.must(HOST, `systemd-analyze verify /etc/systemd/system/${UNIT}`), '')
      assert.match(await office.must(HOST, 'stat -c %a /etc/containers/tls/server-key.pem'), /^600$/m)
    },
  },
})
