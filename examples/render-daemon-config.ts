/**
 * Renders the configuration of a daemon that listens with mutual TLS, as a drop-in and as daemon.json, and the client's
 * variables.
 */
import {
  parseUnit,
  renderClientEnv,
  renderDaemonJson,
  renderDaemonJsonOverride,
  renderOverride,
} from 'docker-mtls/daemon'

const tls = {
  ca: '/etc/docker/tls/ca.pem',
  cert: '/etc/docker/tls/server-cert.pem',
  key: '/etc/docker/tls/server-key.pem',
}

/** Debian's unit. `systemctl cat docker` prints yours. */
const unit = parseUnit(`[Service]
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
`)

console.log('# /etc/systemd/system/docker.service.d/override.conf')
console.log(renderOverride({ unit, listen: ['tcp://0.0.0.0:2376'], tls, usernsRemap: 'default' }))

console.log('# or: /etc/docker/daemon.json')
console.log(renderDaemonJson({ unit, tls, usernsRemap: 'default' }))
console.log('# with this override.conf')
console.log(renderDaemonJsonOverride({ unit, tls, usernsRemap: 'default' }))

console.log('# on a client')
console.log(renderClientEnv({ host: 'tcp://build01.example.com:2376', certPath: '/home/ann/.docker/build01' }, 'bash'))
