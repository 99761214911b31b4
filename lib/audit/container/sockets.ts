import { isWithin, normalizeHostPath } from '../../container/host-path.ts'

/** A name that only the socket of Docker has, wherever it is: rootless and Docker Desktop have their own folders. */
const DOCKER_SOCKET = /\/docker(?:\.proxy)?\.sock(?:\.raw)?$/
/** The API on Windows, and the pipes of Docker Desktop that lead to it: `//./pipe/docker_engine`. */
const DOCKER_PIPE = /^\/\/[^/]+\/pipe\/docker[^/]*$/i
const CONTAINERD_PIPE = /^\/\/[^/]+\/pipe\/containerd[^/]*$/i

/** Sockets with which a process controls other engines, or the host (normalized paths). */
const CONTROL_SOCKETS: readonly string[] = [
  '/run/balena-engine.sock',
  '/run/balena.sock',
  '/run/buildkit/buildkitd.sock',
  '/run/containerd/containerd.sock',
  '/run/containerd/containerd.sock.ttrpc',
  '/run/containerd/s',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/docker/containerd/containerd.sock',
  '/run/docker/plugins',
  '/run/dockershim.sock',
  '/run/k0s/containerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/libvirt/libvirt-sock',
  '/run/nri/nri.sock',
  '/run/podman/podman.sock',
  '/run/snapd.socket',
  '/run/systemd/private',
  '/var/lib/incus/unix.socket',
  '/var/lib/lxd/unix.socket',
  '/var/snap/lxd/common/lxd/unix.socket',
  '/var/snap/microk8s/common/run/containerd.sock',
]
/** The daemons into which libvirt was split, and their administration. Those that end with `-ro` only show. */
const LIBVIRT_SOCKET = /^\/run\/libvirt\/(?:libvirt|virt[a-z]+d)(?:-admin)?-sock$/

/** The same in the folder of the user whose engine or manager it is. */
const USER_SOCKETS: readonly string[] = [
  'buildkit/buildkitd.sock',
  'buildkit-default/buildkitd.sock',
  'containerd/containerd.sock',
  'docker/containerd/containerd.sock',
  'dockerd-rootless/api.sock',
  'libvirt/libvirt-sock',
  'podman/podman.sock',
  'systemd/private',
]
const USER_FOLDER = /^\/run\/user(?:\/\d+)?(?=\/|$)/

/**
 * Whether a path of the host is Docker's socket, or a folder that contains it.
 *
 * @param target - the endpoint of the audit: its socket may be somewhere else
 * @param isRootless - whether the socket is in the folder of a user
 */
export function showsDockerSocket(path: string, target: string, isRootless = false): boolean {
  if (DOCKER_SOCKET.test(path) || DOCKER_PIPE.test(path)) return true
  const [, scheme, given = ''] = /^(unix|npipe):\/\/(.*)$/.exec(target) ?? []
  if (scheme === 'npipe' && path.toLowerCase() === given.toLowerCase()) return true
  const own = scheme === 'unix' ? [normalizeHostPath(given)] : []
  const ofUser = isRootless ? inUserFolder(path, ['docker.sock']) : []
  return ['/run/docker.sock', ...own, ...ofUser].some((socket) => isWithin(socket, path))
}

/** The first socket of another engine that a path of the host shows. */
export function shownControlSocket(path: string): string | undefined {
  if (LIBVIRT_SOCKET.test(path) || CONTAINERD_PIPE.test(path)) return path
  const sockets = [...CONTROL_SOCKETS, ...inUserFolder(path, USER_SOCKETS)]
  return sockets.find((socket) => isWithin(socket, path) || isWithin(path, socket))
}

/** Sockets of the user to whom a path belongs, or of any user. */
function inUserFolder(path: string, names: readonly string[]): string[] {
  const [folder] = USER_FOLDER.exec(path) ?? []
  if (folder === undefined) return []
  const own = folder === '/run/user' ? '/run/user/UID' : folder
  return names.map((name) => `${own}/${name}`)
}

/** Whether a path is a message bus. What it lets others do depends on its policy. */
export function showsMessageBus(path: string): boolean {
  return /^\/run\/(?:dbus(?:\/system_bus_socket)?|user\/\d+\/bus)$/.test(path)
}

/** Whether a path is where programs look for Docker's socket. */
export function looksLikeDockerSocket(path: string): boolean {
  return DOCKER_SOCKET.test(normalizeHostPath(path)) || DOCKER_PIPE.test(path.replaceAll('\\', '/'))
}
